import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeBrowser } from "../testing/browser";

class FakeElement extends EventTarget {
  readonly isContentEditable: boolean;
  readonly tagName: string;

  constructor(tagName: string, isContentEditable = false) {
    super();
    this.tagName = tagName;
    this.isContentEditable = isContentEditable;
  }
}

let shortcutOf: typeof import("./useShortcuts").shortcutOf;

beforeEach(async () => {
  new FakeBrowser().install();
  vi.stubGlobal("HTMLElement", FakeElement);
  ({ shortcutOf } = await import("./useShortcuts"));
});
afterEach(() => vi.unstubAllGlobals());

function press(keys: string, target: EventTarget = new FakeElement("BODY")): string | null {
  const names = keys.split("+");
  const has = (name: string): boolean => names.includes(name);
  const event = { key: names.at(-1), ctrlKey: has("Ctrl"), metaKey: has("Meta"), shiftKey: has("Shift"), target };
  return shortcutOf(event as unknown as KeyboardEvent);
}

test.each([
  ["Ctrl+Shift+O", "newChat"],
  ["Meta+Shift+o", "newChat"],
  ["Ctrl+k", "search"],
  ["Meta+K", "search"],
  ["Ctrl+.", "stop"],
  ["Meta+.", "stop"],
  ["?", "help"],
  ["Shift+?", "help"],
])("%s is %s", (keys, shortcut) => {
  expect(press(keys)).toBe(shortcut);
});

test.each(["o", "Shift+O", "Ctrl+o", "Ctrl+Shift+K", "k", ".", "Escape", "Enter"])("%s is none", (keys) => {
  expect(press(keys)).toBeNull();
});

test.each([new FakeElement("TEXTAREA"), new FakeElement("INPUT"), new FakeElement("SELECT"), new FakeElement("DIV", true)])(
  "a question mark in a text field is text",
  (field) => {
    expect(press("?", field)).toBeNull();
    expect(press("Ctrl+.", field)).toBe("stop");
  },
);
