import { vi } from "vitest";
import { FakeBrowser } from "./browser";
import { FakeServer } from "./server";

/** The app's state in a fresh tab, with a fake browser, server and clock. */
export async function openTab(prepare: (browser: FakeBrowser, server: FakeServer) => void = () => undefined) {
  const browser = new FakeBrowser();
  const server = new FakeServer();
  prepare(browser, server);
  vi.useFakeTimers();
  // Every wait is as long as it can be: 0.5 s before the second attempt, 1 s before the third, up to 15 s.
  vi.spyOn(Math, "random").mockReturnValue(1);
  browser.install();
  vi.stubGlobal("fetch", server.fetch);
  vi.resetModules();
  const modules = {
    announcer: await import("../store/announcer"),
    answers: await import("../store/answers"),
    connection: await import("../store/connection"),
    conversations: await import("../store/conversations"),
    ...(await import("../store/drafts")),
    feed: await import("../store/feed"),
    identity: await import("../api/identity"),
    models: await import("../store/models"),
    opening: await import("../store/openThread"),
    router: await import("../lib/router"),
    sending: await import("../store/send"),
    threads: await import("../store/thread"),
    unread: await import("../store/unread"),
  };
  const thread = (id: string | null) => modules.threads.threadOf(id).get();
  return { browser, server, ...modules, thread };
}

export type Tab = Awaited<ReturnType<typeof openTab>>;

export function closeTab(): void {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
}

/** Advances the clock, and runs all timers and promises that are due. */
export async function pass(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  for (let round = 0; round < 5; round++) await vi.advanceTimersByTimeAsync(0);
}
