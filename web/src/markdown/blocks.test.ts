import { expect, test } from "vitest";
import { sample } from "../testing/markdownSample";
import { BlockSplitter } from "./blocks";

function normal(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

const apart = (raw: string): string => raw.replace(/\n+$/, "");

function oneShot(text: string): BlockSplitter {
  const splitter = new BlockSplitter();
  splitter.append(text);
  return splitter;
}

const shape = (splitter: BlockSplitter): unknown =>
  splitter.blocks(true).map(({ start, token }) => {
    const { type, tokens, items, text } = token as Record<string, unknown>;
    return [start, type, apart(token.raw), JSON.stringify(tokens ?? items ?? text)];
  });

const tricky = [
  "- a\n\n- b\n\n  more of b\n\n1. x\n\n2. y\n\ntext",
  "Title\n=====\n\nText\n---\n\n* * *\n\npara\n- list\n- list\n\n      deep\n\nend of it all",
  "```js\nlet a = 1;\n\n\n// `` ` ```\n```\nafter\n~~~~\n~~~\n~~~~\nend",
  "| a | b |\n|---|---|\n| 1 | 2 |\n\n| not a table |\n\n<div>\n\nhtml\n\n</div>\n\n<!-- a\n\ncomment -->\n\nend of the text",
  "See [one] and [two][one].\n\nMore text that is here.\n\n[one]: https://example.com/one 'One'\n\nAnd [one] again.",
  "$$\na + b\n- c\n$$\n\ntext $x^2$ and $5 and 6$ and \\(y\\)\n\n\\[\nz\n\\]\n\n> quote\nlazy\n\n> other\n\nlast paragraph here",
  "    code\n\n    more code\n\nparagraph\n    not code\n\n- item\n\n      code in item\n\n- item\n```\nfence\n```\n",
  "a\r\n\r\nb\r\n- c\r\n- d\r\n\r\n```\r\ncode\r\n```\r\nend",
  "Grüße 🌍\n\n世界\n\n**bold\n\nnot** closed `code\n\nend` of it",
  "```\nnever closed\n\n- with a list\n\n# and a title\n",
];

test("every prefix: the blocks cover the text in order, and what was settled stays as it was", () => {
  for (const text of tricky) {
    const splitter = new BlockSplitter();
    let before: readonly { raw: string; start: number; settled: boolean }[] = [];
    for (let i = 0; i < text.length; i++) {
      splitter.append(text[i] ?? "");
      const blocks = splitter.blocks();
      const prefix = normal(text.slice(0, i + 1).replace(/\r$/, ""));
      for (const block of blocks) {
        const source = prefix.slice(block.start, block.start + block.raw.length);
        // The lexer writes the trailing spaces of an unfinished item in its own way.
        expect(block.settled ? source : source.trimEnd()).toBe(block.settled ? block.raw : block.raw.trimEnd());
      }
      let end = 0;
      for (const block of blocks) {
        expect(prefix.slice(end, block.start).trim()).toBe("");
        end = block.start + block.raw.length;
      }
      expect(prefix.slice(end).trim()).toBe("");
      const kept = before.filter((block) => block.settled);
      expect(blocks.slice(0, kept.length).map((block) => [block.start, block.raw])).toEqual(kept.map((block) => [block.start, block.raw]));
      before = blocks;
    }
  }
});

test("character by character, in random pieces and at once give the same blocks", () => {
  for (const text of [...tricky, sample]) {
    const expected = shape(oneShot(text));
    for (let round = 0; round < 12; round++) {
      const splitter = new BlockSplitter();
      const size = round === 0 ? 1 : 1 + Math.floor(Math.random() * 40);
      for (let from = 0; from < text.length; from += size) {
        splitter.append(text.slice(from, from + size));
        splitter.blocks();
      }
      expect(shape(splitter)).toEqual(expected);
    }
  }
});

test("settled blocks are the same objects from call to call", () => {
  const splitter = oneShot("# Title\n\nA first paragraph.\n\nA second paragraph that goes on");
  const [first] = splitter.blocks();
  splitter.append(" and on");
  expect(splitter.blocks()[0]).toBe(first);
});

test("an append costs the same after a megabyte as at the beginning", () => {
  const splitter = new BlockSplitter();
  for (let i = 0; i < 4000; i++) {
    splitter.append(sample.slice(0, 250));
    splitter.append("\n\n");
    if (i % 100 === 0) splitter.blocks();
  }
  splitter.blocks();
  const start = performance.now();
  for (let i = 0; i < 200; i++) {
    splitter.append("word ");
    splitter.blocks();
  }
  expect((performance.now() - start) / 200).toBeLessThan(10);
});
