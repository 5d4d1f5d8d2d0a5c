// Chromium's own EventSource, its connections cut at random.
import assert from 'node:assert/strict';
import { ask, assertWhole, model, script } from './lib/parley.mjs';
import { check, run } from './lib/check.mjs';
import { launch, visit } from './lib/pages.mjs';

const browser = await launch();
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Numbers that look random and are the same for the same seed. */
function random() {
  random.state = (Math.imul(random.state ?? seed, 1664525) + 1013904223) >>> 0;
  return random.state / 2 ** 32;
}

const on = (name, body, cutAfter) => check(`EventSource in Chromium: ${name}`, () => visit(browser, '', async visitor => {
  try {
    await body(visitor, await visitor.open('/'));
  } catch (error) {
    error.message += ` (SEED=${seed})`;
    throw error;
  }
}, { cutAfter }), { seconds: 60 });

/** Follows in the page, until the answer has ended or the browser gives up. */
const follow = (page, url, stay = false) => page.evaluate(([url, stay]) => new Promise(resolve => {
  const source = new EventSource(url, { withCredentials: true });
  const seen = { text: '', types: [], ids: [], opens: 0, problem: null };
  const finish = outcome => {
    source.close();
    resolve({ ...seen, outcome });
  };
  source.onopen = () => seen.opens++;
  source.onmessage = event => {
    const data = JSON.parse(event.data);
    seen.types.push(data.type);
    seen.ids.push(Number(event.lastEventId));
    if (data.type === 'token') seen.text += data.content;
    if (!stay && (data.type === 'done' || data.type === 'error')) finish('ended');
  };
  source.onerror = () => source.readyState === EventSource.CLOSED && finish('closed');
}), [url, stay]);

const start = async (visitor, prompt) => `/chat/stream?sessionId=${(await (await visitor.post('/chat/start', { modelId: model, prompt })).json()).sessionId}`;
const isGrowing = ids => ids.every((id, i) => i === 0 || id > ids[i - 1] || (id === 0 && ids[i - 1] === 0));

on('an answer, with the cookie for a credential', async (visitor, page) => {
  const seen = await follow(page, await start(visitor, ask.long));
  assertWhole(seen.text, 100);
  assert.deepEqual([seen.opens, seen.types[0], seen.types.at(-1)], [1, 'typing', 'done']);
});

on('after the end it is told not to come back', async (visitor, page) => {
  const seen = await follow(page, await start(visitor, ask.short), true);
  assert.deepEqual([seen.outcome, seen.types.filter(type => type === 'done').length], ['closed', 1]);
});

on('an error in mid-answer', async (visitor, page) => {
  const seen = await follow(page, await start(visitor, ask.error), true);
  assert.deepEqual([seen.outcome, seen.types.at(-1)], ['closed', 'error']);
  assertWhole(seen.text, 5);
});

const atRandom = path => (/stream|events/.test(path) ? 500 + Math.floor(random() * 700) : Infinity);

on('running answers, cut at random, again and again', async (visitor, page) => {
  const url = await start(visitor, script({ tokens: 80, delay: 60 }));
  // A browser has no more than six connections to a server.
  for (const seen of await Promise.all(Array.from({ length: 5 }, () => follow(page, url)))) {
    assertWhole(seen.text, 80);
    assert.ok(isGrowing(seen.ids), `ids ${seen.ids}`);
    assert.ok(seen.opens > 1, 'it was cut');
  }
}, atRandom);

const anywhereAtFirst = () => {
  let first = 30;
  return path => (/stream|events/.test(path) && first-- > 0 ? Math.floor(random() * 700) : Infinity);
};

on('a short answer, cut anywhere in its first connections', async (visitor, page) => {
  const urls = await Promise.all(Array.from({ length: 15 }, () => start(visitor, script({ tokens: 12, delay: 10 }))));
  while (urls.length > 0) {
    for (const seen of await Promise.all(urls.splice(0, 5).map(url => follow(page, url)))) {
      assertWhole(seen.text, 12);
      assert.ok(isGrowing(seen.ids), `ids ${seen.ids}`);
    }
  }
}, anywhereAtFirst());

on("a generation's own events, cut anywhere", async (visitor, page) => {
  await (await visitor.post('/api/chat', { message: script({ reasoning: 3, tool: 1, tokens: 20, delay: 1 }), model })).text();
  const { generationId } = (await visitor.stored()).at(-1);
  for (let round = 0; round < 4; round++) {
    for (const seen of await Promise.all(Array.from({ length: 5 }, () => follow(page, `/api/v1/generations/${generationId}/events`)))) {
      assertWhole(seen.text, 20);
      assert.equal(seen.types.filter(type => type === 'tool-result').length, 1);
    }
  }
}, anywhereAtFirst());

await run({ atOnce: 3 });
