// The clients of text streams: the raw stream, ConvexHttpClient and ConvexClient. Its React hooks are in browser-convex.mjs.
import assert from 'node:assert/strict';
import { ConvexClient, ConvexHttpClient } from 'convex/browser';
import { anyApi } from 'convex/server';
import WebSocket from 'ws';
import { ask, assertGrew, assertWhole, base, until } from './lib/parley.mjs';
import { check, run } from './lib/check.mjs';

const api = anyApi.ai_chat;
const on = (name, body, options) => check(`Convex: ${name}`, body, options);
const http = user => new ConvexHttpClient(base, { skipConvexDeploymentUrlCheck: true, auth: user.token, logger: false });
const me = async user => (await user.json('/api/v1/me')).id;

/** A client over the socket. Node has no cookie jar: the token goes with the handshake. */
function socket(user) {
  class Authorized extends WebSocket {
    constructor(url) {
      super(url, { headers: user.headers });
    }
  }
  return new ConvexClient(base, { skipConvexDeploymentUrlCheck: true, webSocketConstructor: Authorized, unsavedChangesWarning: false, logger: false });
}

/** Watches a query; `when(condition)` waits for a value, and all values are kept. */
function watch(client, query, args) {
  const values = [];
  const seen = { values, errors: [] };
  client.onUpdate(query, args, value => values.push(value), error => seen.errors.push(error));
  seen.when = (condition, what) => until(() => {
    if (seen.errors.length > 0) throw seen.errors[0];
    return values.find(condition);
  }, what);
  return seen;
}

const drive = async (user, streamId, more = {}) => user.fetch('/chat-stream', { body: { streamId, ...more } });

on('the text stream: raw text, once', async user => {
  const { streamId, chatId } = await user.json('/chat-stream/create', { body: { prompt: ask.long, title: 'A title' } });
  const response = await drive(user, streamId, { prompt: ask.long, chatId });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/plain/);
  const texts = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body) texts.push((text += decoder.decode(bytes, { stream: true })));
  assertGrew(texts);
  assertWhole(text, 100);
  for (const again of [await drive(user, streamId), await drive(user, 'unknown'), await drive(user.other(), streamId)])
    assert.deepEqual([again.status, await again.text()], [205, '']);
});

on('the text stream: a second driver of a running one watches instead', async user => {
  const { streamId } = await user.json('/chat-stream/create', { body: { prompt: ask.long } });
  const first = await drive(user, streamId);
  assert.equal((await drive(user, streamId)).status, 205);
  assertWhole(await first.text(), 100);
});

on('the text stream: an error in mid-answer cuts the connection, and the query says so', async user => {
  const { streamId } = await user.json('/chat-stream/create', { body: { prompt: ask.error } });
  const response = await drive(user, streamId);
  await assert.rejects(response.text());
  const body = await http(user).query(api.getChatBody, { streamId });
  assert.equal(body.status, 'error');
  assertWhole(body.text, 5);
});

on('the text stream: other sites may use it where the server names them', async user => {
  const origin = process.env.CORS_ORIGIN;
  const preflight = await user.fetch('/chat-stream', {
    method: 'OPTIONS',
    headers: { origin: origin ?? 'https://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,authorization' },
  });
  if (origin === undefined) {
    assert.equal(preflight.headers.get('access-control-allow-origin'), null, 'closed unless it is configured');
    return;
  }

  assert.ok(preflight.ok);
  assert.match(preflight.headers.get('access-control-allow-methods'), /POST/);
  assert.match(preflight.headers.get('access-control-allow-headers'), /content-type/i);
  assert.match(preflight.headers.get('access-control-allow-headers'), /authorization/i);
  assert.equal(preflight.headers.get('access-control-allow-origin'), origin);
});

on('ConvexHttpClient: create, get, list, status, delete', async user => {
  const client = http(user);
  const user_id = await me(user);
  const { chatId, streamId } = await client.mutation(api.createChat, { user_id, prompt: ask.short, title: 'A title' });
  const second = await client.mutation(api.createChat, { user_id, prompt: ask.short });
  const chat = await client.query(api.getChat, { chatId });
  assert.deepEqual([chat._id ?? chat.id, chat.title, chat.prompt, chat.stream_id, chat.status, chat.user_id], [chatId, 'A title', ask.short, streamId, 'pending', user_id]);
  assert.ok(chat.created_at > 1e12 && chat.updated_at >= chat.created_at, 'times are in ms');
  assert.deepEqual((await client.query(api.listChats, { user_id })).map(one => one.stream_id).sort(), [streamId, second.streamId].sort());
  assert.equal((await client.query(api.listChats, { user_id, limit: 1 })).length, 1);

  assert.deepEqual(await client.query(api.getChatBody, { streamId }), { text: '', status: 'pending' });
  const text = await (await drive(user, streamId)).text();
  assertWhole(text, 12);
  assert.deepEqual(await client.query(api.getChatBody, { streamId }), { text, status: 'done' });
  assert.equal((await client.query(api.getChat, { chatId })).status, 'completed');

  await client.mutation(api.updateChatStatus, { chatId: second.chatId, status: 'error' });
  assert.equal((await client.query(api.getChat, { chatId: second.chatId })).status, 'error');
  await client.mutation(api.deleteChat, { chatId });
  assert.deepEqual((await client.query(api.listChats, { user_id })).map(one => one.stream_id), [second.streamId]);
});

on('ConvexHttpClient: unknown, invalid and forbidden requests are errors', async user => {
  const client = http(user);
  const user_id = await me(user);
  const other = http(user.other());
  const { chatId, streamId } = await client.mutation(api.createChat, { user_id, prompt: ask.short });
  for (const attempt of [
    () => client.query(anyApi.ai_chat.nothing, {}),
    () => client.query(anyApi.another.module, {}),
    () => client.query(api.getChatBody, { streamId: 'unknown' }),
    () => client.mutation(api.createChat, { user_id }),
    () => client.mutation(api.updateChatStatus, { chatId, status: 'nonsense' }),
    () => other.query(api.getChatBody, { streamId }),
    () => other.query(api.listChats, { user_id }),
    () => other.mutation(api.createChat, { user_id, prompt: ask.short }),
  ]) await assert.rejects(attempt, error => error.message.length > 0, attempt.toString());
  // A client that lost its connection deletes again, so deleting what does not exist succeeds. Another user's chat does not exist for the caller.
  assert.equal(await other.mutation(api.deleteChat, { chatId }), null);
  assert.equal((await client.query(api.getChat, { chatId })).status, 'pending');
});

on('ConvexClient: who watches sees the text grow, and its end', async user => {
  const client = socket(user);
  try {
    const user_id = await me(user);
    const { streamId, chatId } = await client.mutation(api.createChat, { user_id, prompt: ask.long });
    const body = watch(client, api.getChatBody, { streamId });
    const chat = watch(client, api.getChat, { chatId });
    await body.when(value => value.status === 'pending', 'it is pending');
    const driven = drive(user, streamId).then(response => response.text());
    await body.when(value => value.status === 'streaming' && value.text !== '', 'it streams');
    const done = await body.when(value => value.status === 'done', 'it is done');
    assert.equal(done.text, await driven);
    assertWhole(done.text, 100);
    assertGrew(body.values.map(value => value.text));
    await chat.when(value => value.status === 'completed', 'the chat is completed');
  } finally {
    await client.close();
  }
});

on('ConvexClient: a late subscriber gets the whole text at once; a list follows creation and deletion', async user => {
  const client = socket(user);
  try {
    const user_id = await me(user);
    const list = watch(client, api.listChats, { user_id });
    await list.when(chats => chats.length === 0, 'there is none');
    const { streamId, chatId } = await http(user).mutation(api.createChat, { user_id, prompt: ask.short });
    await list.when(chats => chats.length === 1 && chats[0].stream_id === streamId, 'there is one');
    const text = await (await drive(user, streamId)).text();
    const late = watch(client, api.getChatBody, { streamId });
    await late.when(value => value.status === 'done' && value.text === text, 'all of it');
    await list.when(chats => chats[0]?.status === 'completed', 'it is completed');
    await client.mutation(api.deleteChat, { chatId });
    await until(() => list.values.at(-1).length === 0, 'it is gone');
  } finally {
    await client.close();
  }
});

on('ConvexClient: a lost socket reconnects, and gets the changes it missed', async user => {
  const sockets = [];
  class Watched extends WebSocket {
    constructor(url) {
      super(url, { headers: user.headers });
      sockets.push(this);
    }
  }
  const client = new ConvexClient(base, { skipConvexDeploymentUrlCheck: true, webSocketConstructor: Watched, unsavedChangesWarning: false, logger: false });
  try {
    const { streamId } = await client.mutation(api.createChat, { user_id: await me(user), prompt: ask.long });
    const body = watch(client, api.getChatBody, { streamId });
    const driven = drive(user, streamId).then(response => response.text());
    await body.when(value => value.text.length > 30, 'it streams');
    sockets[0].terminate();
    const done = await body.when(value => value.status === 'done', 'it is done');
    assert.equal(done.text, await driven);
    assertWhole(done.text, 100);
    assert.ok(sockets.length > 1, 'it came back');
    assertGrew(body.values.map(value => value.text));
  } finally {
    await client.close();
  }
});

on('ConvexClient: many queries at once, taken back and asked again', async user => {
  const client = socket(user);
  try {
    const user_id = await me(user);
    const made = await Promise.all(Array.from({ length: 5 }, () => client.mutation(api.createChat, { user_id, prompt: ask.short })));
    const watched = made.map(({ streamId }) => watch(client, api.getChatBody, { streamId }));
    await Promise.all(watched.map(one => one.when(value => value.status === 'pending', 'it is pending')));
    const texts = await Promise.all(made.map(async ({ streamId }) => (await drive(user, streamId)).text()));
    await Promise.all(watched.map((one, i) => one.when(value => value.status === 'done' && value.text === texts[i], 'it is done')));
    const again = await client.query(api.getChatBody, { streamId: made[0].streamId });
    assert.deepEqual(again, { text: texts[0], status: 'done' });
  } finally {
    await client.close();
  }
});

on('ConvexClient: the error of a query reaches who asked, and no other', async user => {
  const client = socket(user);
  try {
    const { streamId } = await client.mutation(api.createChat, { user_id: await me(user), prompt: ask.short });
    const bad = watch(client, api.getChatBody, { streamId: 'unknown' });
    const good = watch(client, api.getChatBody, { streamId });
    await good.when(value => value.status === 'pending', 'it is pending');
    await until(() => bad.errors.length > 0, 'the other fails');
    await assert.rejects(client.mutation(api.createChat, { user_id: 'another-user', prompt: ask.short }));
  } finally {
    await client.close();
  }
});

await run({ atOnce: 6 });
