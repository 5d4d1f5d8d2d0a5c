// AI SDK 5.0.60 and 6.0.100: patch releases that end a stream at the first member they do not know.
import assert from 'node:assert/strict';
import { ask, assertWhole, base, model, newId, until } from './lib/parley.mjs';
import { asked, check, run } from './lib/check.mjs';

const sdks = { '5.0.60': () => import('ai5-strict'), '6.0.100': () => import('ai6-strict') };
const textOf = message => message.parts.filter(part => part.type === 'text').map(part => part.text).join('');

for (const version of asked(Object.keys(sdks))) {
  const ai = await sdks[version]();
  const on = (name, body) => check(`AI SDK ${version}: ${name}`, body);
  const transport = user => new ai.DefaultChatTransport({ api: `${base}/api/chat`, headers: user.headers, body: { model } });
  const send = (user, text, chatId = newId()) => transport(user).sendMessages({
    chatId,
    messages: [{ id: newId('user'), role: 'user', parts: [{ type: 'text', text }] }],
    trigger: 'submit-message',
    messageId: undefined,
    abortSignal: undefined,
  });
  const read = async (stream, seen = () => {}) => {
    let last = null;
    for await (const message of ai.readUIMessageStream({ stream, terminateOnError: true })) seen(last = message);
    return last;
  };

  on('text', async user => assertWhole(textOf(await read(await send(user, ask.short))), 12));

  on('reasoning', async user => {
    const message = await read(await send(user, ask.reasoning));
    assert.equal(message.parts.filter(part => part.type === 'reasoning').map(part => part.text).join(''), 'Überlegung 1. Überlegung 2. Überlegung 3. ');
    assertWhole(textOf(message), 5);
  });

  on('a tool that the server runs', async user => {
    const message = await read(await send(user, ask.tool));
    assert.equal(message.parts.find(part => part.toolCallId !== undefined)?.state, 'output-available');
    assertWhole(textOf(message), 4);
  });

  on('a tool that the page runs', async user => {
    const message = await read(await send(user, ask.callerTool));
    assert.equal(message.parts.find(part => part.toolCallId !== undefined)?.state, 'input-available');
  });

  on('an error in mid-answer', async user => {
    let last = null;
    await assert.rejects(async () => read(await send(user, ask.error), message => { last = message; }), error => !/valid|schema|unrecognized/i.test(error.message));
    assertWhole(textOf(last), 5);
  });

  on('resume', async user => {
    const chatId = newId();
    let begun = false;
    const first = read(await send(user, ask.long, chatId), () => { begun = true; });
    await until(() => begun, 'the answer has begun');
    const again = await transport(user).reconnectToStream({ chatId });
    assert.ok(again, 'there is something to resume');
    const [one, other] = await Promise.all([first, read(again)]);
    assertWhole(textOf(one), 100);
    assert.equal(textOf(other), textOf(one));
    assert.equal(other.id, one.id);
  });

  on('resume where nothing runs', async user => assert.equal(await transport(user).reconnectToStream({ chatId: newId() }), null));

  on('a stopped answer', async user => {
    const chatId = newId();
    let seen = '';
    const first = read(await send(user, ask.endless, chatId), message => { seen = textOf(message); });
    await until(() => seen.length > 30, 'some text is there');
    assert.ok((await user.fetch(`/api/chat/${chatId}/stop`, { method: 'POST' })).ok);
    assert.ok(textOf(await first).startsWith(seen));
  });
}

await run({ atOnce: 6 });
