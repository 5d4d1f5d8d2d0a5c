// Client code as an app would write it by hand, without a library, for each kind of request body and route. Convex's own clients are in convex.mjs.
import assert from 'node:assert/strict';
import { EventSource } from 'eventsource5';
import { callChatApi } from 'ui-utils4';
import { ask, assertGrew, assertWhole, base, model, newId, until } from './lib/parley.mjs';
import { asked, check, run } from './lib/check.mjs';

const versions = asked(['plain-messages', 'chat-sessions', 'text-streams', 'data-stream', 'single-message']);
const of = version => (name, body, options) => versions.includes(version) && check(`${version}: ${name}`, body, options);

// POST /api/chat with messages, read chunk by chunk and line by line; conversations and messages beside it.
{
  const on = of('plain-messages');

  /** A simple read loop: it trusts that no line is cut by a chunk. */
  async function chat(user, body) {
    const response = await user.fetch('/api/chat', { body });
    const seen = [];
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return { response, seen };
      for (const line of decoder.decode(value).split('\n')) if (line.startsWith('data: ')) seen.push(JSON.parse(line.slice(6)));
    }
  }
  const question = content => ({ messages: [{ role: 'user', content }], temperature: 0.7, stream: true });

  on('the answer grows in content', async user => {
    const { response, seen } = await chat(user, question(ask.long));
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    assert.ok(seen.every(frame => typeof frame.content === 'string' && !frame.error), 'every frame has content');
    assertGrew(seen.map(frame => frame.content));
    assertWhole(seen.at(-1).content, 100);
  });

  on('a client that appends uses delta', async user => {
    const { seen } = await chat(user, question(ask.long));
    assertWhole(seen.map(frame => frame.delta ?? '').join(''), 100);
    assert.equal(seen.at(-1).done, true);
  });

  on('content comes some words at a time', async user => {
    const { seen } = await chat(user, question(ask.long));
    assert.ok(seen.length > 5 && seen.length < 75, `100 words came in ${seen.length} frames`);
  });

  on('stream may be left out, and be false', async user => {
    const { stream, ...rest } = question(ask.short);
    assert.equal(stream, true);
    assertWhole((await chat(user, rest)).seen.at(-1).content, 12);
    assertWhole((await user.json('/api/chat', { body: { ...rest, stream: false } })).content, 12);
  });

  on('an error in mid-answer is a frame, with the text before it', async user => {
    const { seen } = await chat(user, question(ask.error));
    assert.match(seen.at(-1).error.message, /^[A-Z]/);
    assertWhole(seen.at(-1).content, 5);
  });

  on('several messages, of several roles', async user => {
    const { seen } = await chat(user, {
      messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'One' }, { role: 'assistant', content: 'Two' }, { role: 'user', content: ask.short }],
      temperature: 0.2,
    });
    assertWhole(seen.at(-1).content, 12);
  });

  on('conversations: created, listed, paged and deleted', async user => {
    const made = [];
    for (const title of ['First', 'Second', 'Third']) made.push(await user.json('/api/chat/conversations', { body: { user_id: null, title, model } }));
    for (const row of made)
      for (const column of ['id', 'title', 'model', 'total_tokens', 'message_count', 'created_at', 'updated_at']) assert.ok(column in row, `${column} in ${JSON.stringify(row)}`);
    assert.deepEqual([made[0].title, made[0].message_count, made[0].user_id], ['First', 0, null]);

    const rows = async query => {
      const answer = await user.json(`/api/chat/conversations?${query}`);
      return Array.isArray(answer) ? answer : answer.conversations ?? answer.items ?? answer.data;
    };
    assert.equal((await rows('limit=50&offset=0')).length, 3);
    const paged = [...await rows('limit=2&offset=0'), ...await rows('limit=2&offset=2')].map(row => row.id);
    assert.deepEqual([...paged].sort(), made.map(row => row.id).sort());
    const gone = await user.fetch(`/api/chat/conversations?id=${made[0].id}`, { method: 'DELETE' });
    assert.ok(gone.ok);
    assert.deepEqual((await rows('limit=50&offset=0')).map(row => row.id).sort(), made.slice(1).map(row => row.id).sort());
    assert.equal((await user.fetch(`/api/chat/conversations/${made[0].id}/messages`)).status, 404);
  });

  on('messages: added, listed in order, counted', async user => {
    const { id } = await user.json('/api/chat/conversations', { body: { user_id: null, title: 'A title', model } });
    const at = `/api/chat/conversations/${id}/messages`;
    for (const [role, content] of [['user', 'One'], ['assistant', 'Two'], ['user', 'Three']]) {
      const row = await user.json(at, { body: { role, content } });
      assert.deepEqual([row.role, row.content, row.conversation_id], [role, content, id]);
    }
    const answer = await user.json(`${at}?limit=100&offset=0`);
    const rows = Array.isArray(answer) ? answer : answer.messages ?? answer.items ?? answer.data;
    assert.deepEqual(rows.map(row => row.content), ['One', 'Two', 'Three']);
    for (const row of rows) for (const column of ['id', 'conversation_id', 'role', 'content', 'created_at']) assert.ok(column in row, column);
  });

  on("conversations of another user are not found", async user => {
    const { id } = await user.json('/api/chat/conversations', { body: { user_id: null, title: 'Mine', model } });
    const otherUser = user.other();
    assert.equal((await otherUser.fetch(`/api/chat/conversations/${id}/messages`)).status, 404);
    assert.ok(!(await otherUser.fetch(`/api/chat/conversations?id=${id}`, { method: 'DELETE' })).ok);
    const foreign = await otherUser.fetch(`/api/chat/conversations?user_id=${(await user.json('/api/v1/me')).id}`);
    assert.ok(!(await foreign.text()).includes(id), 'a user id in the query gives no access');
  });

  on('an anonymous visitor finds the conversations by cookie', async () => {
    const json = { 'content-type': 'application/json' };
    const first = await fetch(`${base}/api/chat/conversations`, { method: 'POST', headers: json, body: JSON.stringify({ user_id: null, title: 'Anonymous', model }) });
    const { id } = await first.json();
    const cookie = first.headers.getSetCookie().find(one => one.startsWith('parley.id='))?.split(';')[0];
    assert.ok(cookie, 'a cookie');
    assert.ok((await (await fetch(`${base}/api/chat/conversations`, { headers: { cookie } })).text()).includes(id));
    assert.ok(!(await (await fetch(`${base}/api/chat/conversations`)).text()).includes(id));
  });
}

// A session, an EventSource with credentials, and the history.
{
  const on = of('chat-sessions');
  const withToken = user => (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...user.headers } });

  /** Listens to a session as a page does; it ends with done, with error, or with the connection. */
  const listen = (user, sessionId, prefix = '/api/chat') => new Promise(resolve => {
    const eventSource = new EventSource(`${base}${prefix}/stream?sessionId=${sessionId}`, { withCredentials: true, fetch: withToken(user) });
    const message = { content: '', error: null, texts: [] };
    const finish = () => {
      eventSource.close();
      resolve(message);
    };
    eventSource.onmessage = event => {
      const data = JSON.parse(event.data);
      switch (data.type) {
        case 'token':
          message.texts.push((message.content += data.content));
          break;
        case 'done':
          finish();
          break;
        case 'error':
          message.error = data.message;
          finish();
          break;
      }
    };
    eventSource.onerror = () => {
      message.error ??= 'connection lost';
      finish();
    };
  });

  on('start, listen, load the history', async user => {
    const { sessionId, chatId } = await user.json('/api/chat/start', { body: { modelId: model, prompt: ask.long, chatId: 'conversation-123', projectId: 'p1', taskId: 't1' } });
    assert.equal(chatId, 'conversation-123');
    const message = await listen(user, sessionId);
    assert.equal(message.error, null);
    assertGrew(message.texts);
    assertWhole(message.content, 100);
    const { messages } = await user.json(`/api/chat/history?chatId=${chatId}`);
    assert.deepEqual(messages.map(one => [one.role, one.content]), [['user', ask.long], ['assistant', message.content]]);
    assert.ok(messages.every(one => one.id), 'ids');
  });

  on('the message is stored before the answer is requested', async user => {
    const { chatId } = await user.json('/api/chat/start', { body: { modelId: model, prompt: ask.short } });
    assert.equal((await user.json(`/api/chat/history?chatId=${chatId}`)).messages[0].content, ask.short);
  });

  on('sessions of one chat are its questions, in order', async user => {
    const chatId = newId();
    const contents = [];
    for (const prompt of [ask.short, ask.reasoning, ask.short]) {
      const { sessionId } = await user.json('/api/chat/start', { body: { modelId: model, prompt, chatId } });
      contents.push(prompt, (await listen(user, sessionId)).content);
    }
    assert.deepEqual((await user.json(`/api/chat/history?chatId=${chatId}`)).messages.map(one => one.content), contents);
  });

  on('the wire is unnamed events of JSON', async user => {
    const { sessionId } = await user.json('/api/chat/start', { body: { modelId: model, prompt: ask.short } });
    const text = await (await user.fetch(`/api/chat/stream?sessionId=${sessionId}`)).text();
    assert.ok(!/^event:/m.test(text), 'no names, which onmessage would not see');
    const events = text.split('\n').filter(line => line.startsWith('data: ')).map(line => JSON.parse(line.slice(6)));
    assert.ok(events.every(event => ['token', 'done', 'error', 'typing'].includes(event.type)));
    assert.deepEqual(events.at(-1), { type: 'done' });
    for (const block of text.split('\n\n')) if (block.includes('id: ')) assert.match(block, /^data: .*\nid: /, 'data before id');
  });

  on('an error is an event', async user => {
    const { sessionId } = await user.json('/api/chat/start', { body: { modelId: model, prompt: ask.error } });
    const message = await listen(user, sessionId);
    assertWhole(message.content, 5);
    assert.match(message.error, /^[A-Z]/);
  });

  on("session and history of another user are not found", async user => {
    const { sessionId, chatId } = await user.json('/api/chat/start', { body: { modelId: model, prompt: ask.short } });
    const otherUser = user.other();
    const message = await listen(otherUser, sessionId);
    assert.equal(message.content, '');
    assert.ok(message.error);
    assert.equal((await otherUser.fetch(`/api/chat/history?chatId=${chatId}`)).status, 404);
  });

  on('a missing or invalid member is named', async user => {
    for (const body of [{ modelId: model }, { prompt: ask.short, modelId: 'nobody/nothing' }, { modelId: model, prompt: '' }]) {
      const response = await user.fetch('/api/chat/start', { body });
      assert.ok([400, 404, 422].includes(response.status), `${JSON.stringify(body)} was answered ${response.status}`);
      assert.match(response.headers.get('content-type'), /problem\+json/);
    }
  });
}

// The page that drives a stream, as the hook does it.
{
  const on = of('text-streams');
  on('the driver reads text, and a second one is sent to the database', async user => {
    const { chatId, streamId } = await user.json('/chat-stream/create', { body: { prompt: ask.long, title: 'Quantum Computing Question' } });
    const drive = () => user.fetch('/chat-stream', { body: { streamId, prompt: ask.long, chatId } });
    const response = await drive();
    const texts = [];
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body) texts.push((text += decoder.decode(bytes, { stream: true })));
    assertGrew(texts);
    assertWhole(text, 100);
    assert.equal((await drive()).status, 205);
  });
  on('a client that disconnects does not end the answer', async user => {
    const { chatId, streamId } = await user.json('/chat-stream/create', { body: { prompt: ask.long } });
    const leave = new AbortController();
    const response = await user.fetch('/chat-stream', { body: { streamId }, signal: leave.signal });
    await response.body.getReader().read();
    leave.abort();
    const stored = await until(async () => {
      const last = (await user.messages(chatId)).at(-1);
      return last.status === 'completed' && last;
    }, 'it completes');
    assertWhole(stored.content, 100);
  });
}

// useChat of AI SDK 4 on /api/v1/chat, or a message and a conversationId; lists, pages, archives.
{
  const on = of('data-stream');

  async function send(user, body) {
    const page = { texts: [], error: null };
    await callChatApi({
      api: `${base}/api/v1/chat`,
      body,
      streamProtocol: 'data',
      headers: user.headers,
      abortController: () => null,
      restoreMessagesOnFailure() {},
      onResponse: response => { page.conversationId = response.headers.get('x-conversation-id'); page.status = response.status; },
      onUpdate: ({ message }) => { page.answer = message; page.texts.push(message.content); },
      onFinish: (_, finish) => { page.finish = finish; },
      generateId: () => newId('client'),
      fetch,
      lastMessage: { role: 'user', content: '' },
    }).catch(error => { page.error = error; });
    return page;
  }
  const useChat = (text, more) => ({ id: newId(), messages: [{ role: 'user', content: text, parts: [{ type: 'text', text }] }], model, ...more });

  on('useChat', async user => {
    const page = await send(user, useChat(ask.long));
    assert.equal(page.error, null);
    assertGrew(page.texts);
    assertWhole(page.answer.content, 100);
    assert.equal(page.finish.usage.completionTokens, 100);
  });

  on('useChat of a conversation that is named in the body', async user => {
    const first = await send(user, { message: ask.short, model });
    const second = await send(user, useChat(ask.reasoning, { conversationId: first.conversationId }));
    assert.deepEqual([first.error, second.error, second.conversationId], [null, null, first.conversationId]);
    assert.deepEqual((await user.messages(first.conversationId)).map(message => message.content), [ask.short, first.answer.content, ask.reasoning, second.answer.content]);
  });

  on('a message and a conversation, with temperature and a limit', async user => {
    const page = await send(user, { message: ask.short, model, temperature: 0.7, maxTokens: 500 });
    assert.equal(page.error, null);
    assertWhole(page.answer.content, 12);
  });

  on('the title is the first 100 characters', async user => {
    const long = `${'A very long question, really. '.repeat(6)}${ask.short}`;
    const { conversationId } = await send(user, { message: long, model });
    const { title } = await user.json(`/api/v1/conversations/${conversationId}`);
    assert.ok(title.length <= 100 && long.startsWith(title.replace(/…$/, '').trim()), title);
  });

  const rowsOf = answer => (Array.isArray(answer) ? answer : answer.conversations ?? answer.items ?? answer.data);
  const idsOf = answer => rowsOf(answer).map(row => row.id);

  on('conversations: listed with count and preview, paged, latest first', async user => {
    const made = [];
    for (let i = 0; i < 3; i++) made.push(await send(user, { message: ask.short, model }));
    const ids = made.map(page => page.conversationId).reverse();
    const all = await user.json('/api/v1/chat?limit=10&offset=0');
    assert.deepEqual(idsOf(all), ids);
    assert.deepEqual([...idsOf(await user.json('/api/v1/chat?limit=2&offset=0')), ...idsOf(await user.json('/api/v1/chat?limit=2&offset=2'))], ids);
    const row = rowsOf(all)[0];
    assert.equal(row.messageCount, 2);
    const preview = row.lastAssistantMessage ?? row.lastMessage ?? row.lastMessagePreview ?? row.preview;
    assert.ok(made[2].answer.content.startsWith((preview.content ?? preview).replace(/…$/, '').trim().slice(0, 20)), `preview ${JSON.stringify(preview)}`);
  });

  on('a conversation: its messages latest first, paged, and not found by another user', async user => {
    const { conversationId, answer } = await send(user, { message: ask.short, model });
    const { messages } = await user.json(`/api/v1/chat/${conversationId}?limit=50&offset=0`);
    assert.deepEqual(messages.map(message => message.content), [answer.content, ask.short]);
    assert.deepEqual((await user.json(`/api/v1/chat/${conversationId}?limit=1&offset=1`)).messages.map(message => message.content), [ask.short]);
    assert.equal((await user.other().fetch(`/api/v1/chat/${conversationId}`)).status, 404);
  });

  on('delete and archive hide a conversation, and keep it', async user => {
    const made = [];
    for (let i = 0; i < 3; i++) made.push((await send(user, { message: ask.short, model })).conversationId);
    const [deleted, archived, kept] = made;
    assert.ok(!(await user.other().fetch(`/api/v1/chat/${kept}`, { method: 'DELETE' })).ok);
    assert.ok((await user.fetch(`/api/v1/chat/${deleted}`, { method: 'DELETE' })).ok);
    assert.ok((await user.fetch(`/api/v1/chat/${archived}/archive`, { method: 'POST' })).ok);
    assert.deepEqual(idsOf(await user.json('/api/v1/chat')), [kept]);
    for (const id of [deleted, archived]) assert.equal((await user.json(`/api/v1/chat/${id}`)).messages.length, 2);
  });

  on('an error in mid-answer', async user => {
    const page = await send(user, useChat(ask.error));
    assert.match(page.error.message, /^[A-Z]/);
    assertWhole(page.answer.content, 5);
  });

  on('several chats at once do not mix', async user => {
    const counts = [10, 14, 18, 22, 26, 30];
    const pages = await Promise.all(counts.map(tokens => send(user, useChat(`#script tokens=${tokens} delay=5`))));
    pages.forEach((page, i) => assertWhole(page.answer.content, counts[i]));
  });
}

// message, conversationId and model; Server-Sent Events.
{
  const on = of('single-message');

  async function chat(user, request) {
    const response = await user.fetch('/api/chat', { body: request });
    const seen = { response, content: '', texts: [], events: [], conversationId: response.headers.get('x-conversation-id') };
    let rest = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      rest += decoder.decode(bytes, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const data = block.split('\n').filter(line => line.startsWith('data:')).map(line => line.slice(5).trim()).join('\n');
        if (data === '') continue;
        const event = JSON.parse(data);
        seen.events.push(event);
        if (event.type === 'token') seen.texts.push((seen.content += event.content));
      }
    }
    return seen;
  }

  on('a conversation of two questions, model auto', async user => {
    const first = await chat(user, { message: ask.long, model: 'auto' });
    assert.match(first.response.headers.get('content-type'), /^text\/event-stream/);
    assertGrew(first.texts);
    assertWhole(first.content, 100);
    assert.equal(first.events[0].conversationId, first.conversationId, 'the conversation is in the first frame, too');
    assert.equal(first.events.at(-1).type, 'done');
    const second = await chat(user, { message: ask.short, conversationId: first.conversationId, model: 'auto' });
    assert.equal(second.conversationId, first.conversationId);
    assert.deepEqual((await user.messages(first.conversationId)).map(message => message.content), [ask.long, first.content, ask.short, second.content]);
  });

  on('the first byte comes at once, however slow the model is', async user => {
    const began = performance.now();
    const response = await user.fetch('/api/chat', { body: { message: '#script first=2000 tokens=3', model: 'auto' } });
    await response.body.getReader().read();
    assert.ok(performance.now() - began < 1000, `after ${Math.round(performance.now() - began)} ms`);
  });

  on('an error is an event', async user => {
    const { events, content } = await chat(user, { message: ask.error, model: 'auto' });
    assertWhole(content, 5);
    assert.equal(events.at(-1).type, 'error');
    assert.match(events.at(-1).message, /^[A-Z]/);
  });

  on('an invalid request gets an error that says why', async user => {
    for (const body of [{}, { message: 5 }, { message: '' }, { message: 'x', messages: [] }]) {
      const response = await user.fetch('/api/chat', { body });
      assert.ok([400, 422].includes(response.status), `${JSON.stringify(body)} was answered ${response.status}`);
      assert.ok((await response.json()).detail);
    }
  });
}

await run({ atOnce: 6 });
