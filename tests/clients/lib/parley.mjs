// The server under test: its address, users, directives for the scripted model, and what the server says that it stored.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';

export const base = (process.env.BASE_URL ?? 'http://127.0.0.1:5080').replace(/\/$/, '');

/** The model that does what a `#script` line says; the built-in demo model obeys the same lines. */
export const model = process.env.MODEL ?? 'scripted';

/** A name that no other chat has. Letters and digits alone, since older clients put it into URLs as it is. */
export const newId = (prefix = 'chat') => `${prefix}${randomUUID().replaceAll('-', '').slice(0, 16)}`;

/** Directives for the scripted model, such as `{ tokens: 60, delay: 15 }`. */
export const script = directives => `Hello #script ${Object.entries(directives).map(([name, value]) => `${name}=${value}`).join(' ')}`;

/** The seconds of silence after which the server sends a heartbeat (its setting `Streams:Heartbeat`). */
const heartbeat = Number(process.env.HEARTBEAT ?? 15);

/** Questions that many checks ask. */
export const ask = {
  short: script({ tokens: 12, delay: 3 }),
  long: script({ tokens: 100, delay: 20 }),
  endless: script({ tokens: 4000, delay: 15 }),
  reasoning: script({ reasoning: 3, tokens: 5, delay: 3 }),
  tool: script({ tool: 1, tokens: 4, delay: 3 }),
  callerTool: script({ tool: 2, tokens: 4, delay: 3 }),
  error: script({ tokens: 20, delay: 3, 'error-after': 5 }),
  silent: script({ first: heartbeat * 1600, tokens: 12, delay: 3 }),
  http429: 'Hello #http429',
  rateLimit: 'Hello #ratelimit',
};

/** A user with a bearer token of their own. */
export class User {
  constructor(signal) {
    this.signal = signal;
    this.token = randomBytes(24).toString('base64url');
  }

  get headers() {
    return { authorization: `Bearer ${this.token}` };
  }

  /** Another user, for checks of isolation. */
  other() {
    return new User(this.signal);
  }

  fetch(path, { body, headers, ...rest } = {}) {
    const json = body !== undefined && typeof body !== 'string';
    return fetch(base + path, {
      ...rest,
      method: rest.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...this.headers, ...(json && { 'content-type': 'application/json' }), ...headers },
      body: json ? JSON.stringify(body) : body,
      signal: rest.signal ?? this.signal,
    });
  }

  /** The JSON of an answer that must be a success. */
  async json(path, init) {
    const response = await this.fetch(path, init);
    const text = await response.text();
    assert.ok(response.ok, `${init?.method ?? (init?.body === undefined ? 'GET' : 'POST')} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  /** Starts an answer over the native API; returns when it has begun. */
  async start(message, more) {
    const response = await this.fetch('/api/chat', { body: { message, model, ...more } });
    assert.equal(response.status, 200, 'POST /api/chat');
    return { response, generationId: response.headers.get('x-generation-id'), conversationId: response.headers.get('x-conversation-id') };
  }

  /** Starts an answer and waits for its end; returns what the server stored. */
  async answered(message, more) {
    const { response, generationId, conversationId } = await this.start(message, more);
    await response.text();
    return { generationId, conversationId, message: (await this.messages(conversationId)).at(-1) };
  }

  /** The messages of a conversation that the server shows, oldest first. */
  async messages(conversation) {
    return (await this.json(`/api/v1/conversations/${encodeURIComponent(conversation)}/messages?limit=200`)).items;
  }

  generation(id) {
    return this.json(`/api/v1/generations/${id}`);
  }

  /** The generation once it has ended: its stream ends with it. */
  async ended(id) {
    await (await this.fetch(`/api/v1/generations/${id}/events`)).text();
    return this.generation(id);
  }
}

/** Asserts a scripted text of this number of tokens, none lost, none doubled: only tokens end with a space, and each sentence begins with its number. */
export function assertWhole(text, tokens) {
  const words = text.split(' ');
  assert.equal(words.pop(), '', 'the text ends with the end of a token');
  assert.equal(words.length, tokens, `tokens in ${JSON.stringify(shortened(text))}`);
  const numbers = words.filter(word => /^№\d+$/.test(word)).map(word => Number(word.slice(1)));
  assert.deepEqual(numbers, Array.from({ length: Math.ceil(tokens / 6) }, (_, i) => i + 1), 'the numbers of the sentences');
}

/** Asserts that each text is the beginning of the next, and that several lengths were seen. */
export function assertGrew(texts, times = 3) {
  texts.forEach((text, i) => assert.ok(i === 0 || text.startsWith(texts[i - 1]), `after ${JSON.stringify(shortened(texts[i - 1] ?? ''))} came ${JSON.stringify(shortened(text))}`));
  const lengths = new Set(texts.map(text => text.length)).size;
  assert.ok(lengths >= times, `the text was seen at ${lengths} lengths, not at ${times} or more`);
}

export const shortened = text => (text.length > 80 ? `${text.slice(0, 50)} … ${text.slice(-25)}` : text);

/** Polls until a condition holds that no event announces. */
export async function until(condition, what, seconds = 15) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert.ok(performance.now() < deadline, `not within ${seconds} s: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

/** A model's refusal is a status where it comes at once, and otherwise an error in the stream. Tries until it was a status, `statusOf` what the attempt returns. */
export async function refusedByStatus(attempt, statusOf) {
  for (let left = 5; ; left--) {
    const refused = await attempt();
    if (statusOf(refused) !== 200 || left === 0) return refused;
  }
}

/** fetch that notes each request with the headers of its answer, and breaks the body of the first answer as a lost network does in a browser. */
export function watchedFetch({ cutAfterChunks = Infinity } = {}) {
  const requests = [];
  const watched = async (input, init) => {
    const request = { url: String(input?.url ?? input), method: init?.method ?? 'GET', headers: new Headers(init?.headers), body: init?.body };
    requests.push(request);
    const response = await fetch(input, init);
    request.status = response.status;
    request.answer = response.headers;
    if (requests.length > 1 || cutAfterChunks === Infinity || !response.body) return response;
    const reader = response.body.getReader();
    let passed = 0;
    const cut = new ReadableStream({
      async pull(controller) {
        if (passed++ === cutAfterChunks) {
          controller.error(new TypeError('network error'));
          await reader.cancel().catch(() => {});
          return;
        }
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: reason => reader.cancel(reason),
    });
    return new Response(cut, { status: response.status, headers: response.headers });
  };
  return Object.assign(watched, { requests });
}
