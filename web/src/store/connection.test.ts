import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { strings } from "../strings";
import { closeTab, openTab, pass, type Tab } from "../testing/app";

let tab: Tab;
let leaving: AbortController;

beforeEach(async () => {
  tab = await openTab();
  tab.connection.watchNetwork();
  leaving = new AbortController();
});
afterEach(closeTab);

const shown = () => tab.connection.connection.get();
const heard = () => tab.announcer.announcement.get();

/** Waits before the next attempt; the returned function tells whether the wait is over. */
function wait(source: string, attempt = 10): () => boolean {
  let over = false;
  void tab.connection
    .retryFor(source)
    .wait(attempt, leaving.signal)
    .then(() => {
      over = true;
    });
  return () => over;
}

describe("reconnecting", () => {
  test("shows when the next attempt is made, of all that wait the first", async () => {
    const first = wait("a");
    const { state, retryAt } = shown();
    expect(state).toBe("reconnecting");
    expect((retryAt ?? 0) - Date.now()).toBe(15_000);
    const second = wait("b", 0);
    expect((shown().retryAt ?? 0) - Date.now()).toBe(500);
    await pass(500);
    expect([first(), second()]).toEqual([false, true]);
    await pass(14_500);
    expect(first()).toBe(true);
  });

  test("ends when every source has reached the server", () => {
    wait("a");
    wait("b");
    tab.connection.retryFor("a").reached();
    expect(shown().state).toBe("reconnecting");
    tab.connection.retryFor("b").reached();
    expect(shown()).toEqual({ state: "online", retryAt: null });
  });

  test("can be asked for at once, for all that wait", async () => {
    const waits = [wait("a"), wait("b")];
    tab.connection.retryNow();
    await pass();
    expect(waits.every((isOver) => isOver())).toBe(true);
  });

  test("of something that was left is no trouble", async () => {
    const isOver = wait("a");
    leaving.abort();
    await pass();
    expect(isOver()).toBe(true);
    expect(shown().state).toBe("online");
    expect(wait("b")()).toBe(false);
    await pass();
    expect(shown().state).toBe("online");
  });

  test("begins at once when the page becomes visible", async () => {
    const isOver = wait("a");
    tab.browser.setVisible(false);
    await pass();
    expect(isOver()).toBe(false);
    tab.browser.setVisible(true);
    await pass();
    expect(isOver()).toBe(true);
  });
});

describe("offline", () => {
  test("is shown at once, and what waited is tried when the network is back", async () => {
    tab.browser.setOnline(false);
    expect(shown().state).toBe("offline");
    const isOver = wait("a");
    expect(shown().state).toBe("offline");
    tab.browser.setOnline(true);
    await pass();
    expect(isOver()).toBe(true);
    expect(shown().state).toBe("reconnecting");
    tab.connection.retryFor("a").reached();
    expect(shown().state).toBe("online");
  });

  test("at the start is shown", async () => {
    closeTab();
    tab = await openTab((browser) => {
      browser.navigator.onLine = false;
    });
    tab.connection.watchNetwork();
    expect(shown().state).toBe("offline");
  });
});

describe("a screen reader", () => {
  test("hears of a lost connection and of its return, but not of one that is back at once", async () => {
    wait("a");
    await pass(1_000);
    tab.connection.retryFor("a").reached();
    await pass(2_000);
    expect(heard()).toBe("");

    wait("a");
    await pass(1_500);
    expect(heard()).toBe(strings.announceLost);
    tab.connection.retryFor("a").reached();
    await pass(1_500);
    expect(heard()).toBe(strings.announceBack);
  });

  test("hears of the network, once", async () => {
    tab.browser.setOnline(false);
    await pass(1_500);
    expect(heard()).toBe(strings.announceOffline);
    await pass(4_000);
    expect(heard()).toBe("");
    tab.browser.setOnline(false);
    await pass(2_000);
    expect(heard()).toBe("");
  });
});
