import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FeedEvent } from "../api/types";
import { closeTab, openTab, pass, type Tab } from "../testing/app";
import { conversation, FakeStream, json, problem } from "../testing/server";

/** Delivers to all other channels, as between tabs. */
class FakeChannel extends EventTarget {
  static readonly all = new Set<FakeChannel>();

  constructor() {
    super();
    FakeChannel.all.add(this);
  }

  postMessage(data: unknown): void {
    for (const other of FakeChannel.all) if (other !== this) other.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}

/** One holder at a time, in the order of asking. */
class FakeLocks {
  private readonly waiting: (() => unknown)[] = [];

  async request(_: string, callback: () => unknown): Promise<void> {
    this.waiting.push(callback);
    if (this.waiting.length === 1) await callback();
  }

  /** The tab that holds the lock is closed. */
  passOn(): void {
    this.waiting.shift();
    void this.waiting[0]?.();
  }
}

let tab: Tab;
let streams: FakeStream[];
let locks: FakeLocks;

beforeEach(async () => {
  FakeChannel.all.clear();
  locks = new FakeLocks();
  streams = [];
  tab = await openTab((browser, server) => {
    browser.navigator.locks = locks;
    server.on("GET /api/v1/feed", () => {
      const stream = new FakeStream();
      streams.push(stream);
      return stream.response();
    });
  });
  vi.stubGlobal("BroadcastChannel", FakeChannel);
});
afterEach(closeTab);

/** Another tab; the events that it receives. */
function follow(): FeedEvent[] {
  const events: FeedEvent[] = [];
  tab.feed.followFeed((event) => events.push(event));
  return events;
}

const hello: FeedEvent = { type: "hello" };
const changed: FeedEvent = { type: "conversation", conversation: conversation("c") };
const requests = () => tab.server.received("GET /api/v1/feed");

describe("several tabs", () => {
  test("share one connection, and all get its events", async () => {
    const [first, second] = [follow(), follow()];
    await pass();
    streams[0]?.feed(hello);
    streams[0]?.feed(changed);
    await pass();
    expect(requests().length).toBe(1);
    expect(first).toEqual([hello, changed]);
    expect(second).toEqual([hello, changed]);
  });

  test("have another one read the feed when the one that does is closed", async () => {
    follow();
    const second = follow();
    await pass();
    locks.passOn();
    await pass();
    expect(requests().length).toBe(2);
    streams[1]?.feed(changed);
    await pass();
    expect(second).toEqual([changed]);
  });

  test("read the feed themselves while the one that should is frozen, until one of them takes over", async () => {
    const second = [follow(), follow()][1];
    await pass();
    await pass(70_000);
    const own = streams.at(-1);
    own?.feed(changed);
    await pass();
    expect(second).toEqual([changed]);
    streams.at(-2)?.feed(changed);
    await pass();
    expect(second).toEqual([changed]);
    const before = requests().length;
    locks.passOn();
    await pass();
    expect(own?.isCancelled).toBe(true);
    expect(requests().length).toBe(before + 1);
  });

  test("need no second connection while heartbeats arrive", async () => {
    follow();
    follow();
    await pass();
    for (let i = 0; i < 10; i++) {
      streams[0]?.heartbeat();
      await pass(15_000);
    }
    expect(requests().length).toBe(1);
  });
});

describe("one tab", () => {
  test("reads the feed in a browser without locks or channels too", async () => {
    vi.stubGlobal("BroadcastChannel", undefined);
    const events = follow();
    await pass();
    streams[0]?.feed(changed);
    await pass();
    expect(events).toEqual([changed]);
  });

  test("reconnects after a cut, and gets a hello, with which the list is loaded again", async () => {
    const events = follow();
    await pass();
    streams[0]?.break();
    await pass();
    expect(tab.connection.connection.get().state).toBe("reconnecting");
    await pass(1_000);
    streams[1]?.feed(hello);
    await pass();
    expect(events).toEqual([hello]);
    expect(tab.connection.connection.get().state).toBe("online");
  });

  test("asks for an identity when the server does not know it any more", async () => {
    tab.server.on("GET /api/v1/me", () => json({ id: "new", anonymous: true }));
    tab.server.on("GET /api/v1/feed", () => problem(401, "no_identity", ""));
    follow();
    await pass();
    expect(tab.server.received("GET /api/v1/me").length).toBe(1);
    await pass(500);
    expect(requests().length).toBe(2);
  });

  test("reconnects after a message that it cannot read", async () => {
    const events = follow();
    await pass();
    streams[0]?.feed("no object" as unknown as FeedEvent);
    streams[0]?.feed(changed);
    await pass();
    expect(events.at(-1)).toEqual(changed);
  });
});
