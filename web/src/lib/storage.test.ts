import { afterEach, expect, test, vi } from "vitest";
import { FakeBrowser } from "../testing/browser";
import { browserStore, readJson } from "./storage";

afterEach(() => vi.unstubAllGlobals());

test("keys of the app have a prefix of their own", () => {
  const { storage } = new FakeBrowser().install();
  browserStore.set("theme", "dark");
  expect([...storage]).toEqual([["parley.theme", "dark"]]);
  expect(browserStore.get("theme")).toBe("dark");
  browserStore.remove("theme");
  expect(browserStore.get("theme")).toBeNull();
});

test("a storage that is full, forbidden or missing is an empty one", () => {
  const forbid = (): never => {
    throw new DOMException("denied", "SecurityError");
  };
  for (const storage of [{ getItem: forbid, setItem: forbid, removeItem: forbid }, undefined]) {
    vi.stubGlobal("localStorage", storage);
    browserStore.set("theme", "dark");
    browserStore.remove("theme");
    expect(browserStore.get("theme")).toBeNull();
  }
});

test.each([
  [null, "fallback"],
  ["", "fallback"],
  ["{broken", "fallback"],
  ["null", "fallback"],
  ['{"a":1}', { a: 1 }],
  ["0", 0],
])("the JSON %j is read as %j", (stored, value) => {
  const store = { get: () => stored, set: () => undefined, remove: () => undefined };
  expect(readJson<unknown>(store, "key", "fallback")).toEqual(value);
});
