import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeBrowser } from "../testing/browser";

let browser: FakeBrowser;
let router: typeof import("./router");

async function open(pathname: string): Promise<void> {
  browser = new FakeBrowser();
  browser.location.pathname = pathname;
  browser.install();
  vi.resetModules();
  router = await import("./router");
}

beforeEach(() => open("/"));
afterEach(() => vi.unstubAllGlobals());

test.each([
  ["/", null],
  ["/c/abc", "abc"],
  ["/c/abc/", "abc"],
  ["/c/", null],
  ["/c/abc/more", null],
  ["/other", null],
])("%s is the conversation %j", async (path, conversationId) => {
  await open(path);
  expect(router.route.get()).toEqual({ conversationId });
});

describe("navigating", () => {
  test("adds to the history, or replaces its last entry", () => {
    router.navigate("a");
    router.navigate("b", { replace: true });
    router.navigate(null);
    expect(browser.history).toEqual(["push /c/a", "replace /c/b", "push /"]);
    expect(router.route.get()).toEqual({ conversationId: null });
  });

  test("to where one is adds nothing", () => {
    router.navigate("a");
    router.navigate("a");
    expect(browser.history).toEqual(["push /c/a"]);
  });

  test("back and forward in the browser changes the route", () => {
    router.watchHistory();
    browser.location.pathname = "/c/before";
    browser.dispatchEvent(new Event("popstate"));
    expect(router.route.get()).toEqual({ conversationId: "before" });
  });
});
