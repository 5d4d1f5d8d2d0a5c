import { expect, test } from "vitest";
import { type SseEvent, SseParser } from "./sse";

const stream = [
  'data: {"a":1}\nid: 0\n\n',
  ": hb\n\n",
  'data: {"text":"Grüße, 世界 🌍"}\r\nid: 27\r\n\r\n',
  "data: one\ndata: two\ndata:\nid:28\n\n",
  "event: ignored\rdata:x\rid: 29\r\r",
  "id: 30\n\n",
  "data\nid: 31\n\n",
  "data: cut off",
].join("");

const expected: SseEvent[] = [
  { data: '{"a":1}', id: "0" },
  { data: '{"text":"Grüße, 世界 🌍"}', id: "27" },
  { data: "one\ntwo\n", id: "28" },
  { data: "x", id: "29" },
  { data: "", id: "31" },
];

const bytes = new TextEncoder().encode(stream);

function parse(cuts: readonly number[]): SseEvent[] {
  const parser = new SseParser();
  const events: SseEvent[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    events.push(...parser.push(bytes.slice(from, cut)));
    from = cut;
  }
  return events;
}

test("any single cut gives the same events", () => {
  for (let cut = 0; cut <= bytes.length; cut++) expect(parse([cut])).toEqual(expected);
});

test("byte by byte and in random pieces gives the same events", () => {
  expect(parse(Array.from(bytes.keys()))).toEqual(expected);
  for (let round = 0; round < 300; round++) {
    const cuts = Array.from({ length: round % 9 }, () => Math.floor(Math.random() * bytes.length)).sort((a, b) => a - b);
    expect(parse(cuts)).toEqual(expected);
  }
});

test("a line of megabytes in small chunks stays linear", () => {
  const parser = new SseParser();
  const chunk = new Uint8Array(1024).fill(120);
  parser.push(new TextEncoder().encode("data: "));
  for (let i = 0; i < 4096; i++) expect(parser.push(chunk)).toEqual([]);
  const [event] = parser.push(new TextEncoder().encode("\n\n"));
  expect(event?.data.length).toBe(4096 * 1024);
});
