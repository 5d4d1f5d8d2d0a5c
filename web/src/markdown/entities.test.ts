import { afterEach, expect, test, vi } from "vitest";
import { decodeEntities } from "./entities";

afterEach(() => vi.unstubAllGlobals());

test("the common references are known without a browser", () => {
  expect(decodeEntities("a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;&nbsp;e")).toBe("a <b> & \"c\" 'd'\u00a0e");
});

test("what is no reference stays as it is", () => {
  for (const text of ["a & b", "&;", "&a", "AT&T;x", "&#x;", "& amp;", "&#99999999;"]) {
    expect(decodeEntities(text)).toBe(text);
  }
});

test("the browser is asked for others, once each, and sees nothing but the reference", () => {
  const asked: string[] = [];
  class FakeParser {
    parseFromString(source: string): unknown {
      asked.push(source);
      return { documentElement: { textContent: source === "&copy;" ? "©" : source } };
    }
  }
  vi.stubGlobal("DOMParser", FakeParser);
  expect(decodeEntities("<img> &copy; &copy; &unknown;")).toBe("<img> © © &unknown;");
  expect(asked).toEqual(["&copy;", "&unknown;"]);
});

test("a decoded reference is not decoded again", () => {
  expect(decodeEntities("&amp;lt;")).toBe("&lt;");
});
