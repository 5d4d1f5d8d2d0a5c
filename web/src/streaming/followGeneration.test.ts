import { afterEach, expect, test, vi } from "vitest";
import type { Retry } from "../lib/retry";
import { type Answer, applyEvents, emptyAnswer, plainText } from "./answer";
import { followGeneration } from "./followGeneration";

const text = "An answer — with 世界 and 🌍 — that is cut at every position.";
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

test("a connection that breaks at any byte loses and repeats nothing", async () => {
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

test("404 means that the generation is gone, and another refusal is not retried", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 404 })));
  expect((await follow()).outcome).toBe("gone");
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 400 })));
  expect((await follow()).outcome).toBe("refused");
});

test("an aborted signal ends it", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("down")));
  expect((await follow(AbortSignal.abort())).outcome).toBe("left");
});

test("204 means that the log ends at or before the position", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 204 })));
  expect((await follow()).outcome).toBe("ended");
});

test.each([408, 429, 500, 503])("%i is tried again", async (status) => {
  let attempts = 0;
  const reconnected = server(() => Number.POSITIVE_INFINITY);
  vi.stubGlobal("fetch", (url: string) => (++attempts < 3 ? Promise.resolve(new Response("", { status })) : reconnected(url)));
  const { answer, outcome } = await follow();
  expect(outcome).toBe("ended");
  expect(attempts).toBe(3);
  expect(plainText(answer.parts)).toBe(text);
});

test("a connection that delivers events resets the backoff", async () => {
  const attempts: number[] = [];
  let connections = 0;
  const complete = server(() => 200);
  vi.stubGlobal("fetch", (url: string) => (++connections % 3 === 0 ? complete(url) : Promise.reject(new TypeError("down"))));
  let answer = emptyAnswer;
  await followGeneration({
    generationId: "g",
    position: () => answer.position,
    onEvents: (events) => {
      answer = applyEvents(answer, events);
    },
    retry: { reached: () => undefined, wait: (attempt) => Promise.resolve(void attempts.push(attempt)) },
    signal: new AbortController().signal,
  });
  expect(attempts.slice(0, 6)).toEqual([0, 1, 0, 1, 2, 0]);
});

test("the stream that started the answer is read before any request is made", async () => {
  const rest = server(() => Number.POSITIVE_INFINITY);
  const requests: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    requests.push(url);
    return rest(url);
  });
  const first = log[0];
  let answer = emptyAnswer;
  const outcome = await followGeneration({
    generationId: "g",
    position: () => answer.position,
    onEvents: (events) => {
      answer = applyEvents(answer, events);
    },
    retry: retry(),
    signal: new AbortController().signal,
    response: new Response(`data: ${first?.data}\nid: ${first?.id}\n\n`),
  });
  expect(outcome).toBe("ended");
  expect(requests).toEqual([`/api/v1/generations/g/events?after=${first?.id}`]);
  expect(plainText(answer.parts)).toBe(text);
});
