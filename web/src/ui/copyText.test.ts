import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { copyText } from "./copyText";

class FakeElement {
  value = "";
  style = { cssText: "" };
  isRemoved = false;
  isFocused = false;
  select = vi.fn();
  remove = () => (this.isRemoved = true);
  focus = () => (this.isFocused = true);
}

let area: FakeElement;
let focused: FakeElement;
let commands: string[];
let works: boolean;

beforeEach(() => {
  area = new FakeElement();
  focused = new FakeElement();
  commands = [];
  works = true;
  vi.stubGlobal("HTMLElement", FakeElement);
  vi.stubGlobal("document", {
    createElement: () => area,
    activeElement: focused,
    body: { append: () => undefined },
    execCommand: (command: string) => commands.push(`${command} ${area.value}`) > 0 && works,
  });
});
afterEach(() => vi.unstubAllGlobals());

test("the clipboard API is used where the page has it", async () => {
  const written: string[] = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: (text: string) => Promise.resolve(void written.push(text)) } });
  expect(await copyText("Hello")).toBe(true);
  expect(written).toEqual(["Hello"]);
  expect(commands).toEqual([]);
});

test.each([
  ["an insecure origin", {}],
  ["a refusal", { clipboard: { writeText: () => Promise.reject(new Error("denied")) } }],
])("after %s the old command copies, and the focus stays where it was", async (_, navigator) => {
  vi.stubGlobal("navigator", navigator);
  expect(await copyText("Hello")).toBe(true);
  expect(commands).toEqual(["copy Hello"]);
  expect(area.select).toHaveBeenCalled();
  expect(area.isRemoved).toBe(true);
  expect(focused.isFocused).toBe(true);
});

test("a command that fails is reported", async () => {
  vi.stubGlobal("navigator", {});
  works = false;
  expect(await copyText("Hello")).toBe(false);
  expect(area.isRemoved).toBe(true);
});
