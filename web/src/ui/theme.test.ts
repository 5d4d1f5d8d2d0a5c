import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeBrowser } from "../testing/browser";

class FakeMediaQuery extends EventTarget {
  matches = false;
}

let browser: FakeBrowser;
let dark: FakeMediaQuery;
let page: { theme: string | undefined; color: string | undefined };

async function open(stored?: string): Promise<typeof import("./theme")> {
  if (stored) browser.storage.set("parley.theme", stored);
  vi.resetModules();
  const theme = await import("./theme");
  theme.watchTheme();
  return theme;
}

beforeEach(() => {
  browser = new FakeBrowser();
  dark = new FakeMediaQuery();
  page = { theme: undefined, color: undefined };
  Object.assign(browser.document, {
    documentElement: {
      dataset: {
        set theme(value: string) {
          page.theme = value;
        },
      },
    },
    querySelector: () => ({ setAttribute: (_: string, value: string) => (page.color = value) }),
  });
  browser.install();
  vi.stubGlobal("matchMedia", () => dark);
});
afterEach(() => vi.unstubAllGlobals());

test("without a choice it follows the system", async () => {
  await open();
  expect(page.theme).toBe("light");
  dark.matches = true;
  dark.dispatchEvent(new Event("change"));
  expect(page).toEqual({ theme: "dark", color: "#17171a" });
});

test("a choice is applied, kept, and stronger than the system", async () => {
  const { setTheme } = await open();
  setTheme("dark");
  expect(page).toEqual({ theme: "dark", color: "#17171a" });
  expect(browser.storage.get("parley.theme")).toBe("dark");
  dark.dispatchEvent(new Event("change"));
  expect(page.theme).toBe("dark");
  setTheme("system");
  expect(page).toEqual({ theme: "light", color: "#fbfaf8" });
});

test.each([
  ["dark", "dark"],
  ["light", "light"],
  ["nonsense", "light"],
])("%s, as stored, shows %s on a light system", async (stored, shown) => {
  await open(stored);
  expect(page.theme).toBe(shown);
});
