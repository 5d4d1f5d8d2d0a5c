// One answer in every wire format, on both routes that take ?format=, each read by a real client of it.
import assert from 'node:assert/strict';
import { readDataStream } from 'ai3';
import { processDataStream } from 'ai4';
import * as ai from 'ai7';
import { Stream } from 'openai7/streaming';
import { ask, assertWhole, model, newId, script } from './lib/parley.mjs';
import { check, run } from './lib/check.mjs';

const frames = async response => (await response.text()).split('\n').filter(line => line.startsWith('data: ')).map(line => JSON.parse(line.slice(6)));
const tokens = async response => {
  const events = await frames(response);
  assert.equal(events.at(-1).type, 'done');
  return events.filter(event => event.type === 'token').map(event => event.content).join('');
};
const openai = async response => {
  const items = [];
  for await (const item of Stream.fromSSEResponse(response, new AbortController())) items.push(item);
  return items;
};

/** How a client of each format gets at the text. */
const readers = {
  native: tokens,
  token: tokens,
  content: async response => {
    const seen = await frames(response);
    assert.equal(seen.map(frame => frame.delta ?? '').join(''), seen.at(-1).content);
    return seen.at(-1).content;
  },
  text: response => response.text(),
  data: async response => {
    let text = '';
    await processDataStream({ stream: response.body, onTextPart: part => { text += part; } });
    return text;
  },
  v3: async response => {
    let text = '';
    for await (const { type, value } of readDataStream(response.body.getReader())) if (type === 'text') text += value;
    return text;
  },
  ui: async response => {
    let last = null;
    const transport = new ai.DefaultChatTransport({ fetch: async () => response });
    const stream = await transport.reconnectToStream({ chatId: 'any' });
    for await (const message of ai.readUIMessageStream({ stream, terminateOnError: true })) last = message;
    return last.parts.filter(part => part.type === 'text').map(part => part.text).join('');
  },
  chat: async response => (await openai(response)).map(chunk => chunk.choices[0]?.delta.content ?? '').join(''),
  responses: async response => (await openai(response)).filter(event => event.type === 'response.output_text.delta').map(event => event.delta).join(''),
};

for (const [format, read] of Object.entries(readers)) {
  check(`format=${format}: a generation, running and ended`, async user => {
    const { generationId, conversationId } = await user.start(script({ reasoning: 2, tool: 1, tokens: 30, delay: 10 }));
    const path = `/api/v1/generations/${generationId}/events?format=${format}`;
    const running = await read(await user.fetch(path));
    const ended = await read(await user.fetch(path));
    assertWhole(running, 30);
    assert.equal(ended, running);
    assert.equal(running, (await user.messages(conversationId)).at(-1).content);
  });

  check(`format=${format}: POST /api/chat, whatever the body looks like`, async user => {
    for (const body of [
      { message: ask.short, model },
      { messages: [{ role: 'user', content: ask.short }], model },
      { id: newId(), messages: [{ role: 'user', content: ask.short, parts: [{ type: 'text', text: ask.short }] }], model },
      { id: newId(), trigger: 'submit-message', messages: [{ id: newId('user'), role: 'user', parts: [{ type: 'text', text: ask.short }] }], model },
    ]) {
      const response = await user.fetch(`/api/chat?format=${format}`, { body });
      assert.equal(response.status, 200, JSON.stringify(body));
      assert.ok(response.headers.get('x-generation-id') && response.headers.get('x-conversation-id'), 'ids');
      assertWhole(await read(response), 12);
    }
  });
}

check('an unknown format is refused', async user => {
  assert.equal((await user.fetch('/api/chat?format=nonsense', { body: { message: ask.short } })).status, 400);
  const { generationId } = await user.answered(ask.short);
  assert.equal((await user.fetch(`/api/v1/generations/${generationId}/events?format=nonsense`)).status, 400);
});

await run({ atOnce: 6 });
