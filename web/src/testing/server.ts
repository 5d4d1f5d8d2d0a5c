import type { Conversation, FeedEvent, GenerationEvent, Message, Part, ProblemDetails } from "../api/types";

export type Received = { method: string; path: string; query: URLSearchParams; body: unknown; headers: Headers; signal: AbortSignal };
export type Handler = (request: Received) => Response | Promise<Response>;

/** Answers the app's requests with callbacks: by method and path, the last one that was given. */
export class FakeServer {
  /** Every request that reached the server. */
  readonly requests: Received[] = [];
  /** No request reaches a server that is down. */
  isDown = false;
  private readonly handlers = new Map<string, Handler>();

  constructor() {
    this.on("GET /api/v1/me", () => json({ id: "u", anonymous: true }));
  }

  on(route: string, handler: Handler): this {
    this.handlers.set(route, handler);
    return this;
  }

  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input), "http://parley.test");
    const method = init.method ?? "GET";
    const signal = init.signal ?? new AbortController().signal;
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    signal.throwIfAborted();
    if (this.isDown) throw new TypeError("fetch failed");
    const request = { method, path: url.pathname, query: url.searchParams, body, headers: new Headers(init.headers), signal };
    this.requests.push(request);
    const handler = this.handlers.get(`${method} ${url.pathname}`);
    if (!handler) return problem(404, "not_found", `No handler for ${method} ${url.pathname}.`);
    return await abortable(handler(request), signal);
  };

  /** The requests of a route so far. */
  received(route: string): Received[] {
    return this.requests.filter(({ method, path }) => `${method} ${path}` === route);
  }
}

function abortable(response: Response | Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    Promise.resolve(response).then(resolve, reject);
  });
}

export const json = (value: unknown, status = 200): Response => new Response(JSON.stringify(value), { status });

export const problem = (status: number, code: string, detail: string): Response =>
  json({ type: `urn:parley:error:${code}`, title: code, status, code, detail, traceId: "t" } satisfies ProblemDetails, status);

/** An event stream that the test writes to. */
export class FakeStream {
  /** Whether the app has closed the connection. */
  isCancelled = false;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private readonly body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      this.controller = controller;
    },
    cancel: () => {
      this.isCancelled = true;
    },
  });

  response(headers: Record<string, string> = {}): Response {
    return new Response(this.body, { headers: { "Content-Type": "text/event-stream", ...headers } });
  }

  /** The response that starts an answer. */
  started(conversationId: string, generationId: string): Response {
    return this.response({ "X-Conversation-Id": conversationId, "X-Generation-Id": generationId });
  }

  event(event: GenerationEvent, position: number): void {
    this.write(`data: ${JSON.stringify(event)}\nid: ${position}\n\n`);
  }

  feed(event: FeedEvent): void {
    this.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  heartbeat(): void {
    this.write(": hb\n\n");
  }

  close(): void {
    this.controller.close();
  }

  break(): void {
    this.controller.error(new TypeError("terminated"));
  }

  private write(text: string): void {
    this.controller.enqueue(new TextEncoder().encode(text));
  }
}

export const done: GenerationEvent = { type: "done", finishReason: "stop" };
export const token = (content: string): GenerationEvent => ({ type: "token", content });
export const text = (value: string, position = 0): Part => ({ type: "text", text: value, position });

const time = "2026-01-02T03:04:05Z";

export function userMessage(id: string, changes: Partial<Message> = {}): Message {
  const content = changes.content ?? `Question ${id}`;
  return {
    ...{ id, conversationId: "c", role: "user", content, parts: [text(content)], status: "complete", siblings: [id], createdAt: time },
    ...changes,
  };
}

/** An answer of the generation `g-<id>`, with the text as its only part. */
export function answerMessage(id: string, value: string, changes: Partial<Message> = {}): Message {
  const parts = value ? [text(value)] : [];
  const position = new TextEncoder().encode(value).length + (changes.status === "running" ? 0 : 1);
  return {
    ...{ id, conversationId: "c", parentId: "q", role: "assistant", content: value, parts, status: "completed", position },
    ...{ generationId: `g-${id}`, model: "demo/story", siblings: [id], createdAt: time },
    ...changes,
  };
}

export function conversation(id: string, changes: Partial<Conversation> = {}): Conversation {
  const times = { createdAt: time, updatedAt: time, lastMessageAt: time };
  return { id, title: `Title ${id}`, messageCount: 2, totalTokens: 0, running: [], ...times, ...changes };
}
