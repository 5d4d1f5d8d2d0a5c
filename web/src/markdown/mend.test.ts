import { expect, test } from "vitest";
import { mend } from "./mend";

test.each([
  ["plain text", "plain text"],
  ["some **bold", "some **bold**"],
  ["some **bold ", "some **bold**"],
  ["some **bold*", "some **bold**"],
  ["some **bold** text", "some **bold** text"],
  ["a *word", "a *word*"],
  ["2 * 3", "2 * 3"],
  ["call `fun", "call `fun`"],
  ["call `fun` and `", "call `fun` and "],
  ["see [the page](https://exam", "see the page"],
  ["see [the page](https://example.com)", "see [the page](https://example.com)"],
  ["an ~~old", "an ~~old~~"],
  ["begins **", "begins "],
  ["* item one\n* item **two", "* item one\n* item **two**"],
  ["**closed**\n\nand *open", "**closed**\n\nand *open*"],
  ["```js\nlet a = `x", "```js\nlet a = `x"],
])("%j becomes %j", (raw, expected) => expect(mend(raw)).toBe(expected));
