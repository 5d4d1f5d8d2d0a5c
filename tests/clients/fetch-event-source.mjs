// @microsoft/fetch-event-source 2.0.1: EventSource over fetch, with headers. It looks for a browser's globals; openWhenHidden keeps it from using the document.
import assert from 'node:assert/strict';
import { ask, assertGrew, assertWhole, base } from './lib/parley.mjs';
import { check, run } from './lib/check.mjs';
import { assertExact, cutFinished, cutRunning, eventsUrl, sessionUrl, startSession } from './lib/cut-everywhere.mjs';

globalThis.window = globalThis;
globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
const { fetchEventSource } = await import('@microsoft/fetch-event-source');
const on = (name, body, options) => check(`fetch-event-source: ${name}`, body, options);

/** Follows until the answer has ended. Where nothing but a comment was sent, this client tells of a message without data. */
function follow(url, { headers = {}, seconds = 25 } = {}) {
  const seen = { text: '', texts: [], types: [], ids: [], empty: 0, retries: 0 };
  const leave = new AbortController();
  const timer = setTimeout(() => leave.abort(), seconds * 1000);
  return fetchEventSource(url, {
    headers,
    openWhenHidden: true,
    signal: leave.signal,
    async onopen(response) {
      // 204 is a success without a body: the client would come back for ever.
      if (response.status !== 200) throw Object.assign(new Error(`answered ${response.status}`), { isFinal: true });
    },
    onmessage({ data, id }) {
      if (data === '') {
        seen.empty++;
        return;
      }
      const event = JSON.parse(data);
      seen.types.push(event.type);
      seen.ids.push(Number(id));
      if (event.type === 'token') seen.texts.push((seen.text += event.content));
      if (event.type === 'done' || event.type === 'error') leave.abort();
    },
    onerror(error) {
      if (error.isFinal || error instanceof SyntaxError) throw error;
      seen.retries++;
    },
  }).finally(() => clearTimeout(timer)).then(() => {
    assert.ok(['done', 'error'].includes(seen.types.at(-1)), `it ended after ${JSON.stringify(seen)}`);
    return seen;
  });
}

on('an answer, with the token in a header', async user => {
  const { sessionId } = await startSession(user, ask.long);
  const seen = await follow(`${base}/chat/stream?sessionId=${sessionId}`, { headers: user.headers });
  assertGrew(seen.texts);
  assertWhole(seen.text, 100);
});

on("a generation's events", async user => {
  const { generationId } = await user.answered(ask.tool);
  const seen = await follow(`${base}/api/v1/generations/${generationId}/events`, { headers: user.headers });
  assertWhole(seen.text, 4);
  assert.ok(seen.types.includes('tool-result'), seen.types.join());
});

on('an error in mid-answer is an event', async user => {
  const { sessionId } = await startSession(user, ask.error);
  const seen = await follow(base + sessionUrl(user, sessionId));
  assert.equal(seen.types.at(-1), 'error');
  assertWhole(seen.text, 5);
});

// It applies an id when its line is complete: an event that is cut off between that line and the empty one is lost.
const isFrail = body => /(^|\n)id: \d+\n$/.test(body);
let positions = null;
const cuts = user => (positions ??= Promise.all([cutRunning(user, follow, isFrail), cutFinished(user, follow, isFrail)]).then(both => both.flat()));

on('connections that are cut at every byte: nothing is lost or doubled', async user => {
  assertExact((await cuts(user)).filter(position => !position.isFrail));
}, { seconds: 120 });

on('connections that are cut between the id of an event and its end', async user => {
  assertExact((await cuts(user)).filter(position => position.isFrail));
}, { seconds: 120, known: 'fetch-event-source takes over an id before the event that it belongs to is complete' });

on('heartbeats of a silent model do no harm to the text', async user => {
  const seen = await follow(base + sessionUrl(user, (await startSession(user, ask.silent)).sessionId), { seconds: 60 });
  assertWhole(seen.text, 12);
}, { seconds: 60 });

on('heartbeats of a silent model are not events', async user => {
  const seen = await follow(base + sessionUrl(user, (await startSession(user, ask.silent)).sessionId), { seconds: 60 });
  assert.equal(seen.empty, 0);
}, { seconds: 60, known: 'fetch-event-source tells of a message without data where there is only a comment' });

await run();
