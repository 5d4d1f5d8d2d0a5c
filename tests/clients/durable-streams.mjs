// Durable Streams 1.0, read side: @durable-streams/client 0.2.7 in its modes, and the reading cases of the protocol over a generation.
import assert from 'node:assert/strict';
import { DurableStream, stream } from '@durable-streams/client';
import { ask, assertGrew, assertWhole, base, script, until } from './lib/parley.mjs';
import { check, reasonOf, run } from './lib/check.mjs';
import { assertExact } from './lib/cut-everywhere.mjs';
import { cuttingProxy, forEach } from './lib/proxy.mjs';

const on = (name, body, options) => check(`Durable Streams: ${name}`, body, options);
const pathOf = id => `/api/v1/generations/${id}/stream`;
const textPathOf = id => `${pathOf(id)}/text`;
const textOf = items => items.filter(item => item.type === 'token').map(item => item.content).join('');
const open = (user, path, { server = base, ...more } = {}) => stream({ url: server + path, headers: user.headers, warnOnHttp: false, ...more });
const header = (response, name) => response.headers.get(`stream-${name}`);
/**
 * Each batch, until the stream is closed. The client's own `closed` comes before the last batch has been handed out, and also where that batch is then lost with its connection: so
 * the batch is what counts, and where it does not come the client has given up.
 */
const batchesOf = (answer, onBatch) => new Promise((resolve, reject) => {
  answer.subscribeJson(batch => {
    onBatch(batch);
    if (batch.streamClosed) resolve();
  });
  answer.closed.then(() => setTimeout(() => reject(new Error('the last batch did not come')), 1000), reject);
});
const collect = async iterable => {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
};

// What the client does.

for (const live of ['long-poll', 'sse', true]) {
  on(`a running answer, live=${live}: JSON from its beginning to its end`, async user => {
    const { generationId } = await user.start(ask.long);
    const answer = await open(user, pathOf(generationId), { live });
    const batches = [];
    await batchesOf(answer, batch => batches.push(batch));
    const items = batches.flatMap(batch => batch.items);
    assertWhole(textOf(items), 100);
    assert.equal(items.at(-1).type, 'done');
    assert.ok(batches.length >= 3, `it came in ${batches.length} batches`);
    const offsets = batches.map(batch => batch.offset);
    assert.deepEqual([...offsets].sort(), offsets, 'offsets sort as text');
    assert.equal(answer.streamClosed, true);
  });

  on(`a running answer, live=${live}: its text`, async user => {
    const { generationId, conversationId } = await user.start(script({ reasoning: 2, tool: 1, tokens: 100, delay: 20 }));
    const texts = [];
    let text = '';
    for await (const piece of (await open(user, textPathOf(generationId), { live })).textStream()) texts.push((text += piece));
    assertGrew(texts);
    assertWhole(text, 100);
    assert.equal(text, (await user.messages(conversationId)).at(-1).content);
  });

  on(`a finished answer, live=${live}: it is closed at once`, async user => {
    const { generationId } = await user.answered(ask.short);
    const items = await collect((await open(user, pathOf(generationId), { live })).jsonStream());
    assertWhole(textOf(items), 12);
    assert.equal(items.at(-1).type, 'done');
  });

  on(`disconnected in mid-answer, live=${live}: a reader that resumes at its offset misses nothing`, async user => {
    const { generationId } = await user.start(ask.long);
    const first = await open(user, pathOf(generationId), { live });
    const seen = [];
    let offset = null;
    await new Promise((resolve, reject) => {
      first.subscribeJson(batch => {
        if (textOf(seen).length > 60) return;
        seen.push(...batch.items);
        offset = batch.offset;
        if (textOf(seen).length > 60) resolve();
      });
      first.closed.then(() => reject(new Error('it ended before')), reject);
    });
    first.cancel();
    const rest = await collect((await open(user, pathOf(generationId), { live, offset })).jsonStream());
    assertWhole(textOf([...seen, ...rest]), 100);
  });
}

on('catch-up only: what is there, and no more', async user => {
  const { generationId } = await user.answered(ask.tool);
  const answer = await open(user, pathOf(generationId), { live: false });
  const items = await answer.json();
  assert.deepEqual([answer.upToDate, answer.streamClosed], [true, true]);
  assertWhole(textOf(items), 4);
  assert.ok(items.some(item => item.type === 'tool' && item.name === 'get_weather') && items.some(item => item.type === 'tool-result'), 'the tool is there');
  assertWhole(await (await open(user, textPathOf(generationId), { live: false })).text(), 4);

  const running = await user.start(ask.endless);
  await until(async () => (await (await open(user, textPathOf(running.generationId), { live: false })).text()).length > 50, 'some text is there');
  const early = await open(user, pathOf(running.generationId), { live: false });
  assert.ok((await early.json()).length > 0);
  assert.equal(early.streamClosed, false);
  await user.json(`/api/v1/generations/${running.generationId}/stop`, { method: 'POST' });
});

on('from every offset that was given on: joined it is the whole', async user => {
  const { generationId } = await user.start(ask.long);
  const batches = [];
  const answer = await open(user, pathOf(generationId), { live: 'sse' });
  await batchesOf(answer, batch => batches.push({ text: textOf(batch.items), offset: batch.offset }));
  const whole = batches.map(batch => batch.text).join('');
  assertWhole(whole, 100);
  await forEach(batches.keys(), 8, async at => {
    const rest = await (await open(user, textPathOf(generationId), { live: false, offset: batches[at].offset })).text();
    assert.equal(batches.slice(0, at + 1).map(batch => batch.text).join('') + rest, whole, `from ${batches[at].offset} on`);
  });
});

on('a failed answer: its text, its error, and the end', async user => {
  const { generationId } = await user.start(ask.error);
  const items = await collect((await open(user, pathOf(generationId), { live: 'sse' })).jsonStream());
  assertWhole(textOf(items), 5);
  assert.equal(items.at(-1).type, 'error');
});

on('the handle: head, then a stream', async user => {
  const { generationId } = await user.answered(ask.short);
  const handle = await DurableStream.connect({ url: base + pathOf(generationId), headers: user.headers, warnOnHttp: false });
  const head = await handle.head();
  assert.deepEqual([head.exists, head.streamClosed], [true, true]);
  assert.match(head.contentType, /^application\/json/);
  assertWhole(textOf(await (await handle.stream({ live: false })).json()), 12);
});

/** An app that comes back with its offset whenever the client gives a connection up. */
async function followed(user, path, options) {
  const seen = { items: [], offset: '-1', attempts: 0 };
  for (;;) {
    seen.attempts++;
    try {
      const answer = await open(user, path, { ...options, offset: seen.offset });
      await batchesOf(answer, batch => {
        seen.items.push(...batch.items);
        seen.offset = batch.offset;
      });
      return seen;
    } catch (error) {
      if (seen.attempts === 8) throw error;
    }
  }
}

for (const live of ['long-poll', 'sse']) {
  on(`a running answer, live=${live}, its first connections cut somewhere: nothing is lost or doubled`, async user => {
    const question = script({ tokens: 30, delay: 20 });
    const { message } = await user.answered(question);
    const positions = [];
    await forEach(Array.from({ length: 60 }, (_, i) => i * 31), 30, async at => {
      const owner = user.other();
      const { generationId } = await owner.start(question);
      const proxy = await cuttingProxy(n => (n < 3 ? at : Infinity), { reset: at % 2 === 0 });
      const position = { at, problem: null };
      try {
        const { items } = await followed(owner, pathOf(generationId), { live, server: proxy.base });
        if (textOf(items) !== message.content) position.problem = `got ${JSON.stringify(textOf(items))}`;
      } catch (error) {
        position.problem = reasonOf(error);
      }
      positions.push(position);
      proxy.close();
    });
    assertExact(positions);
  }, { seconds: 60 });
}

// What the protocol says of reading.

on('HEAD: type, tail, and whether it is closed', async user => {
  const { generationId } = await user.start(ask.endless);
  const running = await user.fetch(pathOf(generationId), { method: 'HEAD' });
  assert.equal(running.status, 200);
  assert.match(running.headers.get('content-type'), /^application\/json/);
  assert.match(running.headers.get('cache-control'), /no-store/);
  assert.ok(header(running, 'next-offset'));
  assert.equal(header(running, 'closed'), null);
  await user.json(`/api/v1/generations/${generationId}/stop`, { method: 'POST' });
  const ended = await user.fetch(textPathOf(generationId), { method: 'HEAD' });
  assert.match(ended.headers.get('content-type'), /^text\/plain/);
  assert.equal(header(ended, 'closed'), 'true');
  assert.equal(await ended.text(), '');
});

on('no offset and -1 are the beginning', async user => {
  const { generationId } = await user.answered(ask.short);
  for (const path of [pathOf(generationId), textPathOf(generationId)]) {
    const [bare, first] = await Promise.all([user.fetch(path), user.fetch(`${path}?offset=-1`)]);
    assert.deepEqual([bare.status, first.status], [200, 200]);
    assert.equal(await bare.text(), await first.text());
    assert.deepEqual([header(bare, 'up-to-date'), header(bare, 'closed')], ['true', 'true']);
    assert.ok(!['-1', 'now'].includes(header(bare, 'next-offset')));
  }
});

on('reading continues exactly after an offset, in both streams', async user => {
  const { generationId } = await user.answered(script({ tokens: 40, delay: 2 }));
  const items = await user.json(pathOf(generationId));
  const offset = String(items.find(item => item.type === 'token').position);
  const tail = header(await user.fetch(pathOf(generationId)), 'next-offset');
  assert.equal(Number(tail), items.at(-1).position);
  const rest = await user.json(`${pathOf(generationId)}?offset=${offset.padStart(tail.length, '0')}`);
  assert.deepEqual(rest, items.filter(item => item.position > Number(offset)));
  assert.equal(await (await user.fetch(`${textPathOf(generationId)}?offset=${offset.padStart(tail.length, '0')}`)).text(), textOf(rest));
});

on('at the tail: an empty success', async user => {
  const { generationId } = await user.answered(ask.short);
  for (const [path, empty] of [[pathOf(generationId), '[]'], [textPathOf(generationId), '']]) {
    const tail = header(await user.fetch(path), 'next-offset');
    const response = await user.fetch(`${path}?offset=${tail}`);
    assert.deepEqual([response.status, await response.text()], [200, empty]);
    assert.deepEqual([header(response, 'next-offset'), header(response, 'up-to-date'), header(response, 'closed')], [tail, 'true', 'true']);
  }
});

on('now is the tail, and is not cached', async user => {
  const { generationId } = await user.start(ask.endless);
  const now = await user.fetch(`${pathOf(generationId)}?offset=now`);
  assert.deepEqual([now.status, await now.text(), header(now, 'up-to-date'), header(now, 'closed')], [200, '[]', 'true', null]);
  assert.match(now.headers.get('cache-control'), /no-store/);
  assert.equal(now.headers.get('etag'), null);
  const next = await user.fetch(`${pathOf(generationId)}?offset=${header(now, 'next-offset')}&live=long-poll`);
  assert.equal(next.status, 200);
  assert.ok((await next.json()).length > 0, 'what came after');
  await user.json(`/api/v1/generations/${generationId}/stop`, { method: 'POST' });
  const ended = await user.fetch(`${textPathOf(generationId)}?offset=now`);
  assert.deepEqual([await ended.text(), header(ended, 'closed')], ['', 'true']);
});

on('a bad offset is refused', async user => {
  const { generationId } = await user.answered(ask.short);
  for (const query of ['offset=', 'offset=1,2', 'offset=1%202', 'offset=abc', 'offset=-2', 'offset=0&offset=1', 'offset=..%2F', 'live=long-poll', 'live=sse', 'offset=-1&live=nonsense'])
    assert.equal((await user.fetch(`${pathOf(generationId)}?${query}`)).status, 400, query);
  assert.equal((await user.fetch(`${pathOf(generationId)}?offset=-1&unknown=1`)).status, 200, 'parameters that are not known are not looked at');
});

on('a stream that does not exist or belongs to another user is not found', async user => {
  const { generationId } = await user.other().answered(ask.short);
  for (const id of [generationId, '0199f000-0000-7000-8000-000000000000']) {
    for (const query of ['', '?offset=now', '?offset=now&live=long-poll', '?offset=now&live=sse'])
      for (const path of [pathOf(id), textPathOf(id)]) assert.equal((await user.fetch(path + query)).status, 404, path + query);
    assert.equal((await user.fetch(pathOf(id), { method: 'HEAD' })).status, 404);
  }
});

on('it is read and not written', async user => {
  const { generationId } = await user.answered(ask.short);
  for (const method of ['PUT', 'POST', 'DELETE'])
    assert.equal((await user.fetch(pathOf(generationId), { method, body: method === 'DELETE' ? undefined : '[]' })).status, 405, method);
});

on('an etag spares the body', async user => {
  const { generationId } = await user.answered(ask.short);
  const first = await user.fetch(`${pathOf(generationId)}?offset=-1`);
  const etag = first.headers.get('etag');
  assert.ok(etag);
  assert.match(first.headers.get('cache-control'), /private/);
  const again = await user.fetch(`${pathOf(generationId)}?offset=-1`, { headers: { 'if-none-match': etag } });
  assert.deepEqual([again.status, await again.text()], [304, '']);
  assert.equal((await user.fetch(`${pathOf(generationId)}?offset=-1`, { headers: { 'if-none-match': '"another"' } })).status, 200);
  const tail = header(first, 'next-offset');
  assert.notEqual((await user.fetch(`${pathOf(generationId)}?offset=${tail}`)).headers.get('etag'), etag);
});

on('an etag changes with what is there', async user => {
  const { generationId } = await user.start(script({ tokens: 6, delay: 150 }));
  const early = await until(async () => {
    const response = await user.fetch(pathOf(generationId));
    return (await response.json()).length > 0 && response.headers.get('etag');
  }, 'something is there');
  await user.ended(generationId);
  assert.notEqual((await user.fetch(pathOf(generationId))).headers.get('etag'), early);
});

on('long-poll: what is there comes at once, and the cursor moves on', async user => {
  const { generationId } = await user.start(ask.endless);
  const url = `${pathOf(generationId)}?offset=-1&live=long-poll`;
  await until(async () => (await user.json(pathOf(generationId))).length > 0, 'something is there');
  const first = await user.fetch(url);
  assert.equal(first.status, 200);
  assert.equal(header(first, 'up-to-date'), 'true');
  const cursor = header(first, 'cursor');
  assert.match(cursor, /^\d+$/);
  assert.ok(Math.abs(Number(cursor) - Math.floor((Date.now() - Date.UTC(2024, 9, 9)) / 20_000)) <= 1, 'it counts 20 s intervals');
  const second = await user.fetch(`${url}&cursor=${cursor}`);
  assert.ok(Number(header(second, 'cursor')) > Number(cursor), 'it is greater than the one that was sent');
  await user.json(`/api/v1/generations/${generationId}/stop`, { method: 'POST' });
});

on('long-poll: waits for what comes', async user => {
  const { generationId } = await user.start(script({ first: 1500, tokens: 6, delay: 3 }));
  const tail = header(await user.fetch(pathOf(generationId), { method: 'HEAD' }), 'next-offset');
  const began = performance.now();
  const response = await user.fetch(`${textPathOf(generationId)}?offset=${tail}&live=long-poll`);
  assert.equal(response.status, 200);
  assert.ok(performance.now() - began > 300, 'it waited');
  assert.match(await response.text(), /^№1/);
});

on('long-poll: closed and at the end is said at once', async user => {
  const { generationId } = await user.answered(ask.short);
  for (const path of [pathOf(generationId), textPathOf(generationId)]) {
    const tail = header(await user.fetch(path), 'next-offset');
    for (const offset of [tail, 'now']) {
      const began = performance.now();
      const response = await user.fetch(`${path}?offset=${offset}&live=long-poll`);
      assert.ok(performance.now() - began < 2000, 'at once');
      assert.deepEqual([response.status, header(response, 'closed'), header(response, 'up-to-date'), header(response, 'next-offset')], [204, 'true', 'true', tail]);
    }
  }
});

/** The events of a live stream, read by the rules of the format. */
async function events(response, enough = () => false) {
  const seen = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body) {
    text += decoder.decode(bytes, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n').filter(line => !line.startsWith(':'));
      text = text.slice(end + 2);
      const field = name => lines.filter(line => line.startsWith(`${name}:`)).map(line => line.slice(name.length + 1).replace(/^ /, '')).join('\n');
      if (lines.length > 0) seen.push({ type: field('event'), data: field('data') });
    }
    if (enough(seen)) break;
  }
  return seen;
}

on('live events: each batch is followed by where it ends, and the last says that it is closed', async user => {
  const { generationId } = await user.start(ask.long);
  const response = await user.fetch(`${pathOf(generationId)}?offset=-1&live=sse`);
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  assert.match(response.headers.get('cache-control'), /no-(cache|store)/);
  const seen = await events(response);
  const items = [];
  let last = '';
  seen.forEach(({ type, data }, i) => {
    if (type === 'data') {
      assert.equal(seen[i + 1]?.type, 'control');
      items.push(...JSON.parse(data));
      return;
    }
    assert.equal(type, 'control');
    const control = JSON.parse(data);
    assert.ok(control.streamNextOffset >= last, 'offsets increase');
    last = control.streamNextOffset;
    if (i < seen.length - 1) assert.match(control.streamCursor, /^\d+$/);
    else assert.deepEqual([control.streamClosed, control.streamCursor, seen[i - 1].type], [true, undefined, 'control']);
  });
  assertWhole(textOf(items), 100);
});

on('live events: text of several lines', async user => {
  const { generationId, message } = await user.answered('a table, please', { model: 'demo/parley' });
  assert.ok(message.content.includes('\n\n'), 'the demo answers in several lines');
  const seen = await events(await user.fetch(`${textPathOf(generationId)}?offset=-1&live=sse`));
  assert.equal(seen.filter(({ type }) => type === 'data').map(({ data }) => data).join(''), message.content);
});

on('live events: at the end already', async user => {
  const { generationId } = await user.answered(ask.short);
  const tail = header(await user.fetch(pathOf(generationId)), 'next-offset');
  for (const path of [pathOf(generationId), textPathOf(generationId)]) {
    const seen = await events(await user.fetch(`${path}?offset=${tail}&live=sse`));
    assert.equal(seen.length, 1);
    assert.deepEqual([JSON.parse(seen[0].data).streamNextOffset, JSON.parse(seen[0].data).streamClosed], [tail, true]);
  }
});

on('live events: a running one says when the reader has caught up', async user => {
  const { generationId } = await user.start(script({ first: 1000, tokens: 6, delay: 3 }));
  const isUpToDate = ({ type, data }) => type === 'control' && JSON.parse(data).upToDate === true;
  const seen = await events(await user.fetch(`${pathOf(generationId)}?offset=-1&live=sse`), so => so.some(isUpToDate));
  assert.ok(!seen.some(({ data }) => data.includes('streamClosed')), 'and not that it is closed');
});

await run({ atOnce: 6 });
