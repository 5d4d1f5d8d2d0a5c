// A server for working on the web app alone: speaks the HTTP contract from memory, keeps nothing, and misbehaves on request.
// `npm run mock` serves it on port 5080 (PORT), with the built app from dist/ if there is one; `npm run dev` proxies to it.
// Words in a message: "long" 100 kB · "fail" provider error · "cut" connections break every second · "length" · "tool" · "slow" · "listing" one long code block
import { randomUUID } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { answerFor } from "./answers.mjs";

const port = Number(process.env.PORT ?? 5080);
const rate = Number(process.env.RATE ?? 60);
const root = fileURLToPath(new URL("../dist/", import.meta.url));
const csp =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; manifest-src 'self'";

const conversations = new Map();
const messages = new Map();
const generations = new Map();
const keys = new Map();
const feeds = new Set();
const models = [
  { id: "demo/story", provider: "demo", name: "Demo", isDefault: true },
  { id: "demo/fast", provider: "demo", name: "Demo, fast", isDefault: false },
];

const problem = (status, code, detail) => ({ status, body: { type: `urn:parley:error:${code}`, title: code, status, code, detail } });
const missing = () => problem(404, "not_found", "There is no such thing here.");
const now = () => new Date().toISOString();
const bytes = (text) => Buffer.byteLength(text);

function viewConversation(conversation) {
  const own = [...messages.values()].filter((message) => message.conversationId === conversation.id);
  const last = own.at(-1);
  const running = own.filter((message) => generations.get(message.generationId)?.status === "running");
  return {
    ...conversation,
    messageCount: own.length,
    totalTokens: 0,
    lastMessageAt: last?.createdAt ?? null,
    lastMessagePreview: last ? viewMessage(last).content.slice(0, 120) : null,
    running: running.map((message) => ({ generationId: message.generationId, messageId: message.id })),
  };
}

function viewMessage(message) {
  const siblings = [...messages.values()]
    .filter(
      (other) => other.parentId === message.parentId && other.role === message.role && other.conversationId === message.conversationId,
    )
    .map((other) => other.id);
  const generation = generations.get(message.generationId);
  if (!generation) return { ...message, parts: [{ type: "text", text: message.content, position: 0 }], status: "complete", siblings };
  const parts = foldParts(generation.log);
  const { status, finishReason, usage, error, stoppedAt, model, id } = generation;
  const position = generation.log.at(-1)?.position ?? 0;
  const content = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  return { ...message, parts, content, status, finishReason, usage, error, stoppedAt, model, generationId: id, position, siblings };
}

function foldParts(log) {
  const parts = [];
  for (const { event, position } of log) {
    const last = parts.at(-1);
    if (event.type === "token" || event.type === "reasoning") {
      const type = event.type === "token" ? "text" : "reasoning";
      if (last?.type === type) last.text += event.content;
      else parts.push({ type, text: event.content, position: position - bytes(event.content) });
    } else if (event.type === "tool")
      parts.push({ type: "tool", callId: event.callId, name: event.name, arguments: "", position: position - 1 });
    else if (event.type === "tool-arguments") last.arguments += event.content;
    else if (event.type === "tool-result") last.result = event.result;
    else if (event.type === "seam") parts.push({ type: "seam", reason: event.reason, model: event.model, position: position - 1 });
  }
  return parts;
}

function changed(conversationId) {
  const conversation = conversations.get(conversationId);
  if (conversation) publish({ type: "conversation", conversation: viewConversation(conversation) });
}

function publish(event) {
  for (const response of feeds) response.write(`data: ${JSON.stringify(event)}\n\n`);
}

function append(generation, event) {
  const before = generation.log.at(-1)?.position ?? 0;
  const size = event.type === "token" || event.type === "reasoning" || event.type === "tool-arguments" ? bytes(event.content) : 1;
  generation.log.push({ event, position: before + size });
  for (const wake of generation.followers) wake();
}

function startGeneration(parent, model, prefix = []) {
  const generation = {
    id: randomUUID(),
    status: "running",
    model: model === "auto" || !model ? models[0].id : model,
    log: [],
    followers: new Set(),
  };
  const message = {
    id: randomUUID(),
    conversationId: parent.conversationId,
    parentId: parent.id,
    role: "assistant",
    createdAt: now(),
    generationId: generation.id,
  };
  Object.assign(generation, { messageId: message.id, conversationId: parent.conversationId });
  generations.set(generation.id, generation);
  messages.set(message.id, message);
  conversations.get(parent.conversationId).active.set(parent.id, message.id);
  for (const event of prefix) append(generation, event);
  const events = answerFor(parent.content, prefix.length > 0);
  const perTick = Math.max(1, Math.round(rate / 50));
  const tick = () => {
    if (generation.status !== "running") return;
    for (let i = 0; i < perTick; i++) {
      const { done, value } = events.next();
      if (done)
        return end(generation, { type: "done", finishReason: "stop", usage: { inputTokens: 12, outputTokens: generation.log.length } });
      if (value.type === "done" || value.type === "error") return end(generation, value);
      append(generation, value);
    }
    setTimeout(tick, 20);
  };
  setTimeout(tick, /slow/.test(parent.content) ? 3000 : 500);
  changed(parent.conversationId);
  return generation;
}

function end(generation, event) {
  if (generation.status !== "running") return;
  generation.status = event.type === "error" ? event.status : event.finishReason === "stopped" ? "stopped" : "completed";
  if (event.type === "error") generation.error = { code: event.code, message: event.message, retryable: event.retryable };
  generation.finishReason = event.finishReason ?? null;
  generation.usage = event.usage ?? null;
  generation.stoppedAt = event.stoppedAt ?? null;
  append(generation, event);
  changed(generation.conversationId);
}

function follow(generation, after, request, response, fromStart) {
  const ended = generation.status !== "running";
  if (!fromStart && ended && after >= generation.log.at(-1).position) return response.writeHead(204).end();
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Conversation-Id": generation.conversationId,
    "X-Generation-Id": generation.id,
  });
  const write = (event, id) => response.write(`data: ${JSON.stringify(event)}\nid: ${id}\n\n`);
  if (fromStart) {
    write(
      {
        type: "start",
        conversationId: generation.conversationId,
        generationId: generation.id,
        messageId: generation.messageId,
        model: generation.model,
      },
      0,
    );
    write({ type: "typing" }, 0);
  }
  let index = generation.log.findIndex((entry) => entry.position > after);
  if (index < 0) index = generation.log.length;
  const pump = () => {
    for (; index < generation.log.length; index++) {
      const { event, position } = generation.log[index];
      write(event, position);
      if (event.type === "done" || event.type === "error") return response.end();
    }
  };
  generation.followers.add(pump);
  const beat = setInterval(() => response.write(": hb\n\n"), 15_000);
  const asked = messages.get(messages.get(generation.messageId).parentId)?.content ?? "";
  const cut = /cut/.test(asked) ? setTimeout(() => response.destroy(), 1000) : undefined;
  request.on("close", () => {
    clearInterval(beat);
    clearTimeout(cut);
    generation.followers.delete(pump);
  });
  pump();
}

function activePath(conversation) {
  const path = [];
  for (let id = conversation.active.get(null); id; id = conversation.active.get(id)) path.push(viewMessage(messages.get(id)));
  return path;
}

function begin(request, response, key, make) {
  const known = key && keys.get(key);
  const generation = known ? generations.get(known) : make();
  if (key) keys.set(key, generation.id);
  follow(generation, 0, request, response, true);
}

function addMessage(conversation, role, content, parentId) {
  const parent = parentId ?? activePath(conversation).at(-1)?.id ?? null;
  const message = { id: randomUUID(), conversationId: conversation.id, parentId: parent, role, content, createdAt: now() };
  messages.set(message.id, message);
  conversation.active.set(parent, message.id);
  return message;
}

function createConversation(title) {
  const conversation = { id: randomUUID(), title: title || "New chat", model: null, createdAt: now(), updatedAt: now(), active: new Map() };
  conversations.set(conversation.id, conversation);
  return conversation;
}

const routes = [
  [
    "POST",
    /^\/api\/chat$/,
    (_, body, request, response) => {
      if (!body.message) return problem(400, "invalid", "A message is needed.");
      if (body.conversationId && !conversations.has(body.conversationId)) return missing();
      begin(request, response, request.headers["idempotency-key"], () => {
        const conversation = conversations.get(body.conversationId) ?? createConversation(body.message.slice(0, 60));
        return startGeneration(addMessage(conversation, "user", body.message, body.parentId), body.model);
      });
    },
  ],
  [
    "POST",
    /^\/api\/v1\/generations\/([^/]+)\/(retry|continue)$/,
    ([id, verb], body, request, response) => {
      const generation = generations.get(id);
      if (!generation) return missing();
      if (generation.status === "running") return problem(409, "running", "The answer is still being written.");
      const parent = messages.get(messages.get(generation.messageId).parentId);
      const kept = generation.log.filter(
        ({ event, position }) => event.type === "token" && position <= (generation.stoppedAt ?? Number.POSITIVE_INFINITY),
      );
      const prefix =
        verb === "retry" ? [] : [...kept.map(({ event }) => event), { type: "seam", reason: "continued", model: generation.model }];
      begin(request, response, request.headers["idempotency-key"], () => startGeneration(parent, body.model ?? generation.model, prefix));
    },
  ],
  [
    "POST",
    /^\/api\/v1\/generations\/([^/]+)\/stop$/,
    ([id], body) => {
      const generation = generations.get(id);
      if (!generation) return missing();
      end(generation, {
        type: "done",
        finishReason: "stopped",
        usage: null,
        stoppedAt: body.position ?? generation.log.at(-1)?.position ?? 0,
      });
      return { status: 200, body: { id, status: generation.status } };
    },
  ],
  [
    "GET",
    /^\/api\/v1\/generations\/([^/]+)\/events$/,
    ([id], _, request, response, url) => {
      const generation = generations.get(id);
      if (!generation) return missing();
      const after = url.searchParams.get("after");
      follow(generation, Number(after ?? 0), request, response, after === null);
    },
  ],
  [
    "GET",
    /^\/api\/v1\/conversations$/,
    (_, __, ___, ____, url) => {
      const all = [...conversations.values()]
        .map(viewConversation)
        .sort((a, b) => ((a.lastMessageAt ?? a.createdAt) < (b.lastMessageAt ?? b.createdAt) ? 1 : -1));
      const from = Number(url.searchParams.get("cursor") ?? 0);
      const to = from + Number(url.searchParams.get("limit") ?? 50);
      return { status: 200, body: { items: all.slice(from, to), nextCursor: to < all.length ? String(to) : null, total: all.length } };
    },
  ],
  [
    "GET",
    /^\/api\/v1\/conversations\/([^/]+)\/messages$/,
    ([id], _, __, ___, url) => {
      const conversation = conversations.get(id);
      if (!conversation) return missing();
      const path = activePath(conversation);
      const before = url.searchParams.get("before");
      const to = before ? path.findIndex((message) => message.id === before) : path.length;
      const from = Math.max(0, to - Number(url.searchParams.get("limit") ?? 50));
      return { status: 200, body: { items: path.slice(from, to), previous: from > 0 ? path[from].id : null } };
    },
  ],
  [
    "PATCH",
    /^\/api\/v1\/conversations\/([^/]+)$/,
    ([id], body) => {
      const conversation = conversations.get(id);
      if (!conversation) return missing();
      conversation.title = body.title;
      changed(id);
      return { status: 200, body: viewConversation(conversation) };
    },
  ],
  [
    "DELETE",
    /^\/api\/v1\/conversations\/([^/]+)$/,
    ([id]) => {
      if (!conversations.delete(id)) return missing();
      publish({ type: "conversation-deleted", id });
      return { status: 204 };
    },
  ],
  [
    "GET",
    /^\/api\/v1\/messages\/([^/]+)$/,
    ([id]) => (messages.has(id) ? { status: 200, body: viewMessage(messages.get(id)) } : missing()),
  ],
  ["GET", /^\/api\/v1\/me$/, () => ({ status: 200, body: { id: "me", anonymous: true } })],
  ["GET", /^\/api\/v1\/models$/, () => ({ status: 200, body: { items: models, default: models[0].id } })],
  [
    "GET",
    /^\/api\/v1\/feed$/,
    (_, __, request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      response.write('data: {"type":"hello"}\n\n');
      feeds.add(response);
      const beat = setInterval(() => response.write(": hb\n\n"), 15_000);
      request.on("close", () => {
        clearInterval(beat);
        feeds.delete(response);
      });
    },
  ],
];

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
};

function serveFile(path, response) {
  const wanted = join(root, normalize(path));
  const file = wanted.startsWith(root) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(root, "index.html");
  response.writeHead(200, { "Content-Type": types[extname(file)] ?? "application/octet-stream", "Content-Security-Policy": csp });
  createReadStream(file)
    .on("error", () => response.end())
    .pipe(response);
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (!url.pathname.startsWith("/api/")) return serveFile(url.pathname, response);
  let text = "";
  for await (const chunk of request) text += chunk;
  for (const [method, path, handle] of routes) {
    const match = request.method === method ? path.exec(url.pathname) : null;
    if (!match) continue;
    const result = handle(match.slice(1), text ? JSON.parse(text) : {}, request, response, url);
    if (result)
      response.writeHead(result.status, { "Content-Type": "application/json" }).end(result.body ? JSON.stringify(result.body) : undefined);
    return;
  }
  const { status, body } = missing();
  response.writeHead(status, { "Content-Type": "application/problem+json" }).end(JSON.stringify(body));
}).listen(port, () => console.log(`http://localhost:${port}`));

for (let i = 1; i <= Number(process.env.SEED ?? 3); i++) {
  const conversation = createConversation(
    ["Planning a week in Lisbon", "Why is the sky blue?", "A regular expression for dates", `Notes ${i}`][Math.min(i - 1, 3)],
  );
  for (let turn = 0; turn < Number(process.env.TURNS ?? 2); turn++) {
    addMessage(conversation, "user", `Question ${turn + 1} about it`);
    addMessage(conversation, "assistant", `Answer ${turn + 1}.\n\nWith a *second* paragraph, and a list:\n\n- one\n- two`);
  }
}
