import { expect, test } from "vitest";
import { renderMath } from "./katexRender";

test("a formula is markup, inline or displayed", () => {
  expect(renderMath("x^2", false)).toContain('class="katex"');
  expect(renderMath("x^2", true)).toContain("katex-display");
  expect(renderMath("x^2", false)).not.toContain("katex-display");
});

test("what is no formula is null, each time", () => {
  expect(renderMath("\\frac{", false)).toBeNull();
  expect(renderMath("\\frac{", false)).toBeNull();
});

test.each([
  "\\href{javascript:alert(1)}{x}",
  "\\url{https://evil.example}",
  "\\includegraphics{https://evil.example/x.png}",
  "\\htmlClass{a}{x}",
])("%s makes no link, no image and no attribute", (source) => {
  expect(renderMath(source, false) ?? "").not.toMatch(/<a |href=|<img|src=|class="a"/);
});

test("a macro that expands without end is stopped", () => {
  expect(renderMath("\\def\\a{\\a\\a}\\a", false)).toBeNull();
});
