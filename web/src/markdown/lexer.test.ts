import { expect, test } from "vitest";
import { lex, type MathToken } from "./lexer";

/** The formulas of a text, in order: their source and whether they are displayed. */
function formulas(source: string): [string, boolean][] {
  const found: [string, boolean][] = [];
  const visit = (tokens: readonly unknown[]): void => {
    for (const token of tokens as (MathToken & { tokens?: unknown[]; items?: unknown[] })[]) {
      if (token.type === "math") found.push([token.text, token.display]);
      visit([...(token.tokens ?? []), ...(token.items ?? [])]);
    }
  };
  visit(lex(source).tokens);
  return found;
}

test.each<[string, [string, boolean][]]>([
  [
    "$x^2$ and $y$",
    [
      ["x^2", false],
      ["y", false],
    ],
  ],
  [
    "\\(a\\) and \\[b\\]",
    [
      ["a", false],
      ["b", true],
    ],
  ],
  ["inline $$c$$ there", [["c", true]]],
  ["$$\na + b\n- c\n$$", [["a + b\n- c", true]]],
  ["\\[\nz\n\\]", [["z", true]]],
  ["- item $x$", [["x", false]]],
  ["**bold $x$**", [["x", false]]],
  ["$a \\$ b$", [["a \\$ b", false]]],
])("%j has the formulas %j", (source, expected) => {
  expect(formulas(source)).toEqual(expected);
});

test.each(["It costs $5 and $6.", "$ x $", "a $x", "`$x$`", "```\n$x$\n```", "\\$x\\$", "$$\n\nnot closed in its paragraph\n\n$$$"])(
  "%j has none",
  (source) => {
    expect(formulas(source)).toEqual([]);
  },
);

test("references are resolved by definitions from elsewhere, which come first", () => {
  const { tokens, links } = lex("[a][ref]\n\n[ref]: https://late.example", { ref: { href: "https://early.example", title: null } });
  expect(JSON.stringify(tokens)).toContain("https://early.example");
  expect(links["ref"]?.href).toBe("https://early.example");
});
