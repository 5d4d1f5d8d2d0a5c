import { afterEach, expect, test, vi } from "vitest";
import type { Retry } from "../lib/retry";
import { type Answer, applyEvents, emptyAnswer, plainText } from "./answer";
import { followGeneration } from "./followGeneration";
import { startAnswer } from "./startAnswer";

const text = "An answer — with 世界 and 🌍 — that is cut at every place.";
const log = (() => {
  const encoder = new TextEncoder();
  const events: { data: string; id: number }[] = [];
  let position = 0;
  for (const word of text.match(/\S+\s*/g) ?? []) {
    position += encoder.encode(word).length;
    events.push({ data: JSON.stringify({ type: "token", content: word }), id: position });
  }
  events.push({ data: JSON.stringify({ type: "done", finishReason: "stop", usage: null }), id: position + 1 });
  return events;
})();

/** A server whose connections break after a number of bytes. */
function server(limit: () => number): (url: string) => Promise<Response> {
  return (url) => {
    const after = Number(new URL(url, "http://x").searchParams.get("after"));
    if (after >= (log.at(-1)?.id ?? 0)) return Promise.resolve(new Response(null, { status: 204 }));
    const rest = log.filter((event) => event.id > after).map((event) => `data: ${event.data}\nid: ${event.id}\n\n`);
    const bytes = new TextEncoder().encode(rest.join("")).slice(0, limit());
    return Promise.resolve(
      new Response(
        new ReadableStream({
          start(controller) {
            for (let i = 0; i < bytes.length; i += 7) controller.enqueue(bytes.slice(i, i + 7));
            controller.close();
          },
        }),
      ),
    );
  };
}

const retry = (): Retry & { waits: number } => ({
  waits: 0,
  reached: () => undefined,
  wait() {
    this.waits++;
    return Promise.resolve();
  },
});

async function follow(signal = new AbortController().signal): Promise<{ answer: Answer; outcome: string }> {
  let answer = emptyAnswer;
  const outcome = await followGeneration({
    generationId: "g",
    position: () => answer.position,
    onEvents: (events) => {
      answer = applyEvents(answer, events);
    },
    retry: retry(),
    signal,
  });
  return { answer, outcome };
}

afterEach(() => vi.unstubAllGlobals());

test("connections that break anywhere lose and repeat nothing", async () => {
  for (let round = 0; round < 60; round++) {
    vi.stubGlobal(
      "fetch",
      server(() => 60 + Math.floor(Math.random() * 400)),
    );
    const { answer, outcome } = await follow();
    expect(outcome).toBe("ended");
    expect(plainText(answer.parts)).toBe(text);
  }
});

test("a generation that is not there is said to be gone, one that refuses is not asked again", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 404 })));
  expect((await follow()).outcome).toBe("gone");
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 400 })));
  expect((await follow()).outcome).toBe("refused");
});

test("leaving ends the following", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("down")));
  expect((await follow(AbortSignal.abort())).outcome).toBe("left");
});

test("a start that failed on the way is sent again with the same key", async () => {
  const keys: string[] = [];
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    keys.push(new Headers(init.headers).get("Idempotency-Key") ?? "");
    if (keys.length === 1) return Promise.reject(new TypeError("network"));
    return Promise.resolve(new Response("", { status: keys.length === 2 ? 503 : 200 }));
  });
  const response = await startAnswer({ path: "/api/chat", body: {}, key: "k", retry: retry(), signal: new AbortController().signal });
  expect(response.status).toBe(200);
  expect(keys).toEqual(["k", "k", "k"]);
});

test("a refusal is not sent again", async () => {
  const fetch = vi.fn(() => Promise.resolve(new Response('{"code":"model_not_found"}', { status: 404 })));
  vi.stubGlobal("fetch", fetch);
  const start = startAnswer({ path: "/api/chat", body: {}, key: "k", retry: retry(), signal: new AbortController().signal });
  await expect(start).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  expect(fetch).toHaveBeenCalledTimes(1);
});
