import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { closeTab, pass } from "../testing/app";
import { FakeBrowser } from "../testing/browser";
import { done, FakeStream, token } from "../testing/server";
import type { PositionedEvent } from "./answer";
import { readEvents } from "./readEvents";

let browser: FakeBrowser;
let stream: FakeStream;
let leaving: AbortController;
let batches: PositionedEvent[][];
let outcome: string | null;

beforeEach(() => {
  vi.useFakeTimers();
  browser = new FakeBrowser().install();
  stream = new FakeStream();
  leaving = new AbortController();
  batches = [];
  outcome = null;
  readEvents(stream.response(), leaving.signal, (events) => batches.push(events)).then(
    () => {
      outcome = "ended";
    },
    () => {
      outcome = "failed";
    },
  );
});
afterEach(closeTab);

test("events come with their positions, and heartbeats are not events", async () => {
  stream.event(token("a"), 1);
  await pass();
  stream.heartbeat();
  await pass();
  stream.event(done, 2);
  stream.close();
  await pass();
  expect(batches.flat()).toEqual([
    { event: token("a"), position: 1 },
    { event: done, position: 2 },
  ]);
  expect(outcome).toBe("ended");
});

test("a broken connection is an error", async () => {
  stream.break();
  await pass();
  expect(outcome).toBe("failed");
});

test("45 seconds of silence end the connection", async () => {
  await pass(40_000);
  stream.heartbeat();
  await pass(45_000);
  expect(stream.isCancelled).toBe(false);
  await pass(6_000);
  expect(stream.isCancelled).toBe(true);
  expect(outcome).toBe("ended");
});

test("a page that becomes visible again ends a connection that has missed a heartbeat", async () => {
  browser.setVisible(false);
  await pass(17_000);
  browser.setVisible(true);
  expect(stream.isCancelled).toBe(false);
  browser.setVisible(false);
  await pass(2_000);
  browser.setVisible(true);
  expect(stream.isCancelled).toBe(true);
});

test("an abort closes the connection, and nothing is delivered after it", async () => {
  leaving.abort();
  await pass();
  expect(stream.isCancelled).toBe(true);
  expect(batches).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
