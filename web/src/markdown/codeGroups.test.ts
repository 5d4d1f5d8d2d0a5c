import hljs from "highlight.js/lib/core";
import typescript from "highlight.js/lib/languages/typescript";
import { expect, test } from "vitest";
import { groupLines, groupsOf, spansByGroup } from "./codeGroups";

hljs.registerLanguage("typescript", typescript);
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is code in a text
const line = "const a: Map<string, \"x\" & 'y'> = new Map(); /* over\nlines */ `t ${a}` // &lt;\n";

test("groups hold their lines and nothing is lost", () => {
  const code = line.repeat(100);
  expect(groupsOf(code).join("")).toBe(code);
  expect(groupsOf(code)[0]?.split("\n").length).toBe(groupLines + 1);
  expect(groupsOf("")).toEqual([]);
});

test("spans carry exactly the text of their group", () => {
  for (const code of [line.repeat(50), line, "x", `${line.repeat(16)}end`]) {
    const groups = spansByGroup(hljs.highlight(code, { language: "typescript" }).value);
    expect(groups.map((spans) => spans.filter((_, index) => index % 2 === 1).join(""))).toEqual(groupsOf(code));
  }
});
