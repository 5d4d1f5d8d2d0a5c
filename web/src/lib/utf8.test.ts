import { expect, test } from "vitest";
import { indexAtByte, utf8Length } from "./utf8";

const encoder = new TextEncoder();
const texts = ["", "abc", "Grüße", "世界", "🌍x", "e\u0301", "\u{10ffff}\u0000\uffff", "a🌍ü世"];

test.each(texts)("the length of %j is that of its encoding", (text) => {
  expect(utf8Length(text)).toBe(encoder.encode(text).length);
});

test("a surrogate without its partner counts as the replacement character that an encoder writes", () => {
  expect(utf8Length("\ud83c")).toBe(3);
  expect(utf8Length("a\ud83c")).toBe(4);
});

test.each(texts)("the index at each byte of %j is the last whole character before it", (text) => {
  for (let bytes = 0; bytes <= encoder.encode(text).length + 1; bytes++) {
    const index = indexAtByte(text, bytes);
    const next = text.slice(0, index + ((text.codePointAt(index) ?? 0) >= 0x10000 ? 2 : 1));
    expect(utf8Length(text.slice(0, index))).toBeLessThanOrEqual(bytes);
    expect(text.slice(0, index).isWellFormed()).toBe(true);
    if (index < text.length) expect(utf8Length(next)).toBeGreaterThan(bytes);
  }
});
