// AI SDK 4 and 3.4: callChatApi, which is all of useChat but React, and the parsers of the data stream.
import assert from 'node:assert/strict';
import { ask, assertGrew, assertWhole, base, model, newId, refusedByStatus, script, until, watchedFetch } from './lib/parley.mjs';
import { asked, check, run } from './lib/check.mjs';

const versions = asked(['3', '4']);

if (versions.includes('4')) {
  const { callChatApi } = await import('ui-utils4');
  const { processDataStream, processTextStream } = await import('ai4');
  const on = (name, body) => check(`AI SDK 4: ${name}`, body, { seconds: 60 });

  /** A page as useChat keeps it: what it shows is what it sends, without ids. */
  function open(user, { id = newId(), messages = [], api = `${base}/api/chat`, streamProtocol = 'data', fetch = watchedFetch() } = {}) {
    const page = { id, messages, texts: [], finish: null, error: null, requests: fetch.requests, abort: new AbortController() };
    const request = async (requestType, shown) => {
      page.messages = shown;
      page.error = page.finish = null;
      const payload = shown.map(({ role, content, parts, toolInvocations }) => ({ role, content, parts, ...(toolInvocations && { toolInvocations }) }));
      await callChatApi({
        api,
        body: { id, messages: payload, model },
        streamProtocol,
        headers: user.headers,
        abortController: () => page.abort,
        restoreMessagesOnFailure() {},
        onUpdate({ message, replaceLastMessage }) {
          page.messages = [...(replaceLastMessage ? shown.slice(0, -1) : shown), message];
          page.texts.push(message.content);
        },
        onFinish: (message, { usage, finishReason }) => { page.finish = { message, usage, finishReason }; },
        generateId: () => newId('client'),
        fetch,
        lastMessage: shown.at(-1),
        requestType,
      }).catch(error => { page.error = error; });
    };
    page.send = text => request('generate', [...page.messages, { role: 'user', content: text, parts: [{ type: 'text', text }] }]);
    page.reload = () => request('generate', page.messages.at(-1).role === 'assistant' ? page.messages.slice(0, -1) : page.messages);
    page.resume = () => request('resume', page.messages);
    page.goOn = () => request('generate', page.messages);
    page.shown = characters => until(() => (page.texts.at(-1) ?? '').length >= characters, `${characters} characters of the answer are shown`);
    return page;
  }

  const conversationOf = page => page.requests[0].answer.get('x-conversation-id');
  const answerOf = page => page.messages.at(-1);

  on('a message is answered, as the server stored it', async user => {
    const page = open(user);
    await page.send(ask.short);
    assert.equal(page.error, null);
    assertWhole(answerOf(page).content, 12);
    assert.deepEqual([page.finish.finishReason, page.finish.usage.completionTokens], ['stop', 12]);
    const stored = await user.messages(conversationOf(page));
    assert.deepEqual(stored.map(message => message.content), [ask.short, answerOf(page).content]);
    assert.equal(stored[1].id, answerOf(page).id, 'the message is called what the server calls it');
  });

  on('the text grows as it comes', async user => {
    const page = open(user);
    await page.send(ask.long);
    assertGrew(page.texts, 5);
    assertWhole(answerOf(page).content, 100);
  });

  on('the stream is what the protocol says', async user => {
    const response = await user.fetch('/api/chat', { body: { id: newId(), model, messages: [{ role: 'user', content: ask.tool, parts: [{ type: 'text', text: ask.tool }] }] } });
    assert.equal(response.headers.get('x-vercel-ai-data-stream'), 'v1');
    assert.match(response.headers.get('content-type'), /^text\/plain/);
    const seen = { text: '', steps: [], tools: [] };
    await processDataStream({
      stream: response.body,
      onTextPart: text => { seen.text += text; },
      onStartStepPart: part => { seen.messageId = part.messageId; },
      onFinishStepPart: part => seen.steps.push(part),
      onFinishMessagePart: part => { seen.finish = part; },
      onToolCallStreamingStartPart: part => seen.tools.push(['start', part.toolName]),
      onToolCallDeltaPart: part => seen.tools.push(['delta', part.argsTextDelta]),
      onToolCallPart: part => seen.tools.push(['call', part.args]),
      onToolResultPart: part => seen.tools.push(['result', part.result.temperature]),
      onErrorPart: error => { throw new Error(error); },
    });
    assertWhole(seen.text, 4);
    assert.ok(seen.messageId, 'the id of the message');
    assert.equal(seen.finish.finishReason, 'stop');
    assert.ok(seen.steps.length >= 1 && Number.isFinite(seen.finish.usage.completionTokens), 'steps and usage');
    assert.deepEqual(seen.tools[0], ['start', 'get_weather']);
    assert.equal(seen.tools.filter(([kind]) => kind === 'delta').map(([, delta]) => delta).join(''), '{"city":"Paris"}');
    assert.deepEqual(seen.tools.slice(-2), [['call', { city: 'Paris' }], ['result', 18]]);
  });

  on('reasoning is a part of its own', async user => {
    const page = open(user);
    await page.send(ask.reasoning);
    const reasoning = answerOf(page).parts.filter(part => part.type === 'reasoning');
    assert.equal(reasoning.map(part => part.reasoning).join(''), 'Überlegung 1. Überlegung 2. Überlegung 3. ');
    assertWhole(answerOf(page).content, 5);
  });

  on('a tool that the server runs', async user => {
    const page = open(user);
    await page.send(ask.tool);
    const tool = answerOf(page).parts.find(part => part.type === 'tool-invocation').toolInvocation;
    assert.deepEqual([tool.state, tool.args, tool.result.temperature], ['result', { city: 'Paris' }, 18]);
    assertWhole(answerOf(page).content, 4);
  });

  on('a tool that the page runs: its result is sent, and the same message continues', async user => {
    const page = open(user);
    await page.send(ask.callerTool);
    const [id, tool] = [answerOf(page).id, answerOf(page).parts.find(part => part.type === 'tool-invocation').toolInvocation];
    assert.equal(tool.state, 'call');
    const message = answerOf(page);
    const result = { ...tool, state: 'result', result: { temperature: 21 } };
    page.messages = [...page.messages.slice(0, -1), { ...message, toolInvocations: [result], parts: message.parts.map(part => (part.type === 'tool-invocation' ? { ...part, toolInvocation: result } : part)) }];
    await page.goOn();
    assert.equal(page.error, null);
    assert.equal(page.messages.length, 2);
    assert.equal(answerOf(page).id, id, 'it is the same message');
    assertWhole(answerOf(page).content, 4);
  });

  on('an error in mid-answer is an error, and the text before it stays', async user => {
    const page = open(user);
    await page.send(ask.error);
    assert.match(page.error.message, /^[A-Z].*[.!]$/s, 'a sentence for a user');
    assertWhole(answerOf(page).content, 5);
    assert.equal((await user.messages(conversationOf(page))).at(-1).status, 'failed');
  });

  on('too many requests', async user => {
    const page = await refusedByStatus(async () => {
      const page = open(user);
      await page.send(ask.http429);
      return page;
    }, page => page.requests[0].status);
    assert.equal(page.requests[0].status, 429);
    assert.ok(page.requests[0].answer.get('retry-after') !== null, 'Retry-After');
    assert.equal(JSON.parse(page.error.message).status, 429);
  });

  on('a page that is loaded in mid-answer shows the same answer', async user => {
    const first = open(user);
    const sent = first.send(ask.long);
    await first.shown(60);
    const second = open(user, { id: first.id, messages: first.messages.slice(0, 1) });
    await second.resume();
    await sent;
    assert.equal(second.error, null);
    assert.equal(second.requests[0].url, `${base}/api/chat?chatId=${first.id}`);
    assert.deepEqual([answerOf(second).id, answerOf(second).content], [answerOf(first).id, answerOf(first).content]);
    assertWhole(answerOf(second).content, 100);
  });

  on('resume where nothing runs: an empty success, for this client throws at 204', async user => {
    for (const page of [open(user, { messages: [{ role: 'user', content: 'x', parts: [] }] }), open(user)]) {
      if (page.messages.length === 0) await page.send(ask.short);
      const before = page.messages.length;
      await page.resume();
      assert.deepEqual([page.error, page.requests.at(-1).status, page.messages.length], [null, 200, before]);
    }
  });

  on('another user has nothing to resume', async user => {
    const page = open(user);
    const sent = page.send(ask.long);
    await page.shown(40);
    const other = open(user.other(), { id: page.id, messages: page.messages.slice(0, 1) });
    await other.resume();
    assert.deepEqual([other.texts, other.error], [[], null]);
    await sent;
  });

  on('stop() of a page ends its stream and not the answer', async user => {
    const first = open(user);
    const sent = first.send(ask.long);
    await first.shown(40);
    first.abort.abort();
    await sent;
    assert.equal(first.error.name, 'AbortError');
    const second = open(user, { id: first.id, messages: first.messages.slice(0, 1) });
    await second.resume();
    assertWhole(answerOf(second).content, 100);
  });

  on('the stop of the server ends the answer, and every page sees it', async user => {
    const first = open(user);
    const sent = first.send(ask.endless);
    await first.shown(60);
    const second = open(user, { id: first.id, messages: first.messages.slice(0, 1) });
    const resumed = second.resume();
    await second.shown(60);
    assert.ok((await user.fetch(`/api/chat/${first.id}/stop`, { method: 'POST' })).ok);
    await Promise.all([sent, resumed]);
    assert.deepEqual([first.error, second.error], [null, null]);
    assert.equal(answerOf(second).content, answerOf(first).content);
    const stored = (await user.messages(conversationOf(first))).at(-1);
    assert.deepEqual([stored.status, stored.content], ['stopped', answerOf(first).content]);
  });

  on('heartbeats of a silent model do no harm', async user => {
    const page = open(user);
    await page.send(ask.silent);
    assert.equal(page.error, null);
    assertWhole(answerOf(page).content, 12);
  });

  on('reload: another answer to the same message, beside the first', async user => {
    const page = open(user);
    await page.send(ask.short);
    const first = answerOf(page).id;
    await page.reload();
    assert.equal(page.error, null);
    assert.equal(page.messages.length, 2);
    const stored = await user.messages(conversationOf(page));
    assert.deepEqual(stored.map(message => message.role), ['user', 'assistant'], 'the server shows what the page shows');
    assert.deepEqual(stored[1].siblings, [first, answerOf(page).id]);
  });

  on('a chat of several turns is stored as it was held', async user => {
    const page = open(user);
    for (const text of [ask.short, ask.reasoning, ask.short]) await page.send(text);
    assert.equal(page.error, null);
    assert.equal(page.messages.length, 6);
    const stored = await user.messages(conversationOf(page));
    assert.deepEqual(stored.map(message => [message.role, message.content]), page.messages.map(message => [message.role, message.content]));
  });

  on('an answer that the page forges is not believed', async user => {
    const page = open(user);
    await page.send(ask.short);
    const [question, answer] = structuredClone(page.messages);
    page.messages = [question, { ...answer, content: 'I owe you a million.', parts: [{ type: 'text', text: 'I owe you a million.' }] }];
    await page.send(ask.short);
    const stored = await user.messages(conversationOf(page));
    assert.deepEqual(stored.map(message => message.content), [ask.short, answer.content, ask.short, answerOf(page).content]);
  });

  on('the text protocol: the text and nothing else', async user => {
    const page = open(user, { api: `${base}/api/chat/text`, streamProtocol: 'text' });
    await page.send(ask.long);
    assert.equal(page.error, null);
    assertGrew(page.texts);
    assertWhole(answerOf(page).content, 100);

    const response = await user.fetch('/api/chat/text', { body: { id: newId(), model, messages: [{ role: 'user', content: ask.short }] } });
    let text = '';
    await processTextStream({ stream: response.body, onTextPart: part => { text += part; } });
    assertWhole(text, 12);
  });

  on('the text protocol: an error in mid-answer is not taken for the end', async user => {
    const page = open(user, { api: `${base}/api/chat/text`, streamProtocol: 'text' });
    await page.send(ask.error);
    assert.ok(page.error, 'the connection was cut');
    assertWhole(page.texts.at(-1), 5);
  });
}

if (versions.includes('3')) {
  const { callChatApi } = await import('ui-utils3');
  const { readDataStream } = await import('ai3');
  const on = (name, body) => check(`AI SDK 3: ${name}`, body, { seconds: 60 });

  async function send(user, messages, { api = `${base}/api/chat?format=v3`, streamProtocol = 'data' } = {}) {
    const page = { texts: [], last: null, finish: null };
    await callChatApi({
      api,
      body: { messages, model },
      streamProtocol,
      headers: user.headers,
      abortController: () => undefined,
      restoreMessagesOnFailure() {},
      onResponse: response => { page.status = response.status; },
      onUpdate: shown => {
        page.shown = shown;
        page.last = shown.at(-1);
        page.texts.push(page.last.content);
      },
      onFinish: (message, finish) => { page.finish = finish; },
      generateId: () => newId('client'),
      fetch,
    }).catch(error => { page.error = error; });
    return page;
  }
  const question = content => [{ role: 'user', content }];

  on('a message is answered', async user => {
    const page = await send(user, question(ask.long));
    assert.equal(page.error, undefined);
    assertGrew(page.texts);
    assertWhole(page.last.content, 100);
    assert.deepEqual([page.finish.finishReason, page.finish.usage.completionTokens], ['stop', 100]);
  });

  on('a chat of several turns', async user => {
    const page = await send(user, [...question(ask.short), { role: 'assistant', content: 'An answer.' }, ...question(ask.short)]);
    assert.equal(page.error, undefined);
    assertWhole(page.last.content, 12);
  });

  on('nothing is sent that it does not know, whatever the answer holds', async user => {
    const kinds = new Set();
    const response = await user.fetch('/api/chat?format=v3', { body: { messages: question(script({ reasoning: 3, tool: 1, tokens: 4, delay: 3 })), model } });
    for await (const { type } of readDataStream(response.body.getReader())) kinds.add(type);
    assert.ok(kinds.has('text') && kinds.has('finish_message') && kinds.has('tool_result'), [...kinds].join());
  });

  on('a tool that the server runs', async user => {
    const page = await send(user, question(ask.tool));
    assert.equal(page.error, undefined);
    assertWhole(page.last.content, 4);
    // It begins a message at each step.
    const [tool] = page.shown.find(message => message.toolInvocations).toolInvocations;
    assert.deepEqual([tool.state, tool.args, tool.result.temperature], ['result', { city: 'Paris' }, 18]);
  });

  on('an error in mid-answer is an error', async user => {
    const page = await send(user, question(ask.error));
    assert.match(page.error.message, /^[A-Z].*[.!]$/s);
    assertWhole(page.texts.at(-1), 5);
  });

  on('too many requests', async user => {
    const page = await refusedByStatus(() => send(user, question(ask.http429)), page => page.status);
    assert.equal(JSON.parse(page.error.message).status, 429);
  });

  on('heartbeats of a silent model do no harm', async user => {
    const page = await send(user, question(ask.silent));
    assert.equal(page.error, undefined);
    assertWhole(page.last.content, 12);
  });

  on('the text protocol', async user => {
    const page = await send(user, question(ask.short), { api: `${base}/api/chat/text`, streamProtocol: 'text' });
    assert.equal(page.error, undefined);
    assertWhole(page.last.content, 12);
  });
}

await run({ atOnce: 6 });
