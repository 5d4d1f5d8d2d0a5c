// Follows an answer once for each byte at which its connection can be cut.
import assert from 'node:assert/strict';
import { ask, assertWhole, model, script, shortened } from './parley.mjs';
import { reasonOf } from './check.mjs';
import { bodyOf, cuttingProxy, forEach } from './proxy.mjs';

const shortAnswer = script({ tokens: 8, delay: 12 });
const atOnce = 300;

/** Starts a chat session: the answer begins when it is first followed. */
export const startSession = (user, prompt = ask.short, more = {}) => user.json('/chat/start', { body: { modelId: model, prompt, ...more } });

/** Where an EventSource, which can set no header, follows a session, or a generation. */
export const sessionUrl = (user, sessionId) => `/chat/stream?sessionId=${encodeURIComponent(sessionId)}&access_token=${user.token}`;
export const eventsUrl = (user, generationId) => `/api/v1/generations/${generationId}/events?access_token=${user.token}`;

/**
 * A running answer, one for each byte of its first connection: `follow(url)` returns `{ text, ids }`. `isFrail(body)` says of what a client could read before the cut
 * whether the client is known to lose its place there.
 */
export async function cutRunning(user, follow, isFrail = () => false) {
  const { message } = await user.answered(shortAnswer);
  // Each belongs to another user, because a user may have only a limited number of running answers.
  const urlOf = async () => {
    const owner = user.other();
    return sessionUrl(owner, (await startSession(owner, shortAnswer)).sessionId);
  };
  return cutEach(message.content, 8, urlOf, follow, isFrail);
}

/** A finished answer with reasoning, a tool and text. */
export async function cutFinished(user, follow, isFrail = () => false) {
  const { generationId, message } = await user.answered(script({ reasoning: 2, tool: 1, tokens: 8, delay: 1 }));
  return cutEach(message.content, 8, () => eventsUrl(user, generationId), follow, isFrail);
}

async function cutEach(expected, tokens, urlOf, follow, isFrail) {
  assertWhole(expected, tokens);
  const uncut = await cuttingProxy(() => Infinity);
  const { text } = await follow(uncut.base + await urlOf());
  assert.equal(text, expected, 'what is followed without a cut');
  const length = uncut.answers[0].length;
  uncut.close();

  const positions = [];
  await forEach(Array.from({ length: length + 1 }, (_, at) => at), atOnce, async at => {
    const proxy = await cuttingProxy(n => (n === 0 ? at : Infinity), { reset: at % 5 === 4 });
    const position = { at, problem: null };
    try {
      const seen = await follow(proxy.base + await urlOf());
      if (seen.text !== expected) position.problem = `got ${JSON.stringify(shortened(seen.text))}`;
      else if (!isIncreasing(seen.ids)) position.problem = `ids ${seen.ids.join()}`;
    } catch (error) {
      position.problem = reasonOf(error);
    }
    position.isFrail = proxy.answers.length > 0 && isFrail(bodyOf(proxy.answers[0]));
    positions.push(position);
    proxy.close();
  });
  return positions;
}

// typing and what comes before it share the beginning's id.
const isIncreasing = ids => ids.every((id, i) => i === 0 || id > ids[i - 1] || (id === 0 && ids[i - 1] === 0));

/** None of the positions had a problem. */
export function assertExact(positions) {
  assert.ok(positions.length > 0, 'there are such positions');
  const bad = positions.filter(position => position.problem !== null).sort((one, other) => one.at - other.at);
  const some = bad.slice(0, 5).map(({ at, problem }) => `after ${at} bytes: ${problem}`).join('\n');
  assert.equal(bad.length, 0, `${bad.length} of ${positions.length} positions lost or doubled something\n${some}`);
}

