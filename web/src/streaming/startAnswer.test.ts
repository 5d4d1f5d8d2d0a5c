import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Retry } from "../lib/retry";
import { strings } from "../strings";
import { FakeServer, problem } from "../testing/server";
import { type Start, startAnswer } from "./startAnswer";

let server: FakeServer;
let waits: number[];
let retry: Retry;

beforeEach(() => {
  server = new FakeServer();
  waits = [];
  retry = { reached: () => waits.push(-1), wait: (attempt) => Promise.resolve(void waits.push(attempt)) };
  vi.stubGlobal("fetch", server.fetch);
});
afterEach(() => vi.unstubAllGlobals());

const started = (headers: Record<string, string> = { "X-Conversation-Id": "c", "X-Generation-Id": "g" }) => new Response("", { headers });

const start = (changes: Partial<Start> = {}) =>
  startAnswer({
    path: "/api/chat",
    body: { message: "Hi" },
    key: "k",
    conversationId: null,
    retry,
    signal: new AbortController().signal,
    ...changes,
  });

test("the request is sent with its key until the server accepts it", async () => {
  const outcomes = [() => Promise.reject(new TypeError("network")), () => problem(503, "unavailable", ""), () => started()];
  server.on("POST /api/chat", () => (outcomes.shift() ?? started)());
  const onWaiting = vi.fn();
  const { conversationId, generationId } = await start({ onWaiting });
  expect([conversationId, generationId]).toEqual(["c", "g"]);
  expect(server.requests.map(({ headers, body }) => [headers.get("Idempotency-Key"), body])).toEqual(
    Array(3).fill(["k", { message: "Hi" }]),
  );
  expect(onWaiting).toHaveBeenCalledTimes(2);
  expect(waits).toEqual([0, 1, -1]);
});

test.each([408, 425, 502, 503, 504])("%i is tried again", async (status) => {
  server.on("POST /api/chat", () => (server.requests.length === 1 ? new Response("", { status }) : started()));
  await start();
  expect(server.requests.length).toBe(2);
});

test.each([400, 401, 404, 409, 413, 429, 500])("%i is a refusal", async (status) => {
  server.on("POST /api/chat", () => problem(status, "some_code", "The reason."));
  await expect(start()).rejects.toMatchObject({ status, code: "some_code", message: "The reason." });
  expect(server.requests.length).toBe(1);
});

test("a success without a generation is not the server's", async () => {
  const response = new Response("<html>", { headers: { "X-Conversation-Id": "c" } });
  server.on("POST /api/chat", () => response);
  await expect(start()).rejects.toMatchObject({ code: "unknown", message: strings.errors.unknown });
  expect(response.bodyUsed || (await response.body?.getReader().read())?.done).toBe(true);
});

test("the conversation is the known one where the response does not name it", async () => {
  server.on("POST /api/chat", () => started({ "X-Generation-Id": "g" }));
  expect((await start({ conversationId: "known" })).conversationId).toBe("known");
});

test("an abort while it waits sends nothing more", async () => {
  server.on("POST /api/chat", () => problem(503, "unavailable", ""));
  const cancel = new AbortController();
  const waiting = { ...retry, wait: () => Promise.resolve(cancel.abort()) };
  await expect(start({ retry: waiting, signal: cancel.signal })).rejects.toThrow();
  expect(server.requests.length).toBe(1);
});
