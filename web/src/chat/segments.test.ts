import { expect, test } from "vitest";
import type { Part } from "../api/types";
import { segmentsOf } from "./segments";

const text = (value: string, position: number): Part => ({ type: "text", text: value, position });
const seam: Part = { type: "seam", reason: "adopted", model: "demo/a", position: 5 };

test("text continues over a seam, whose offset is kept", () => {
  const [only, ...none] = segmentsOf([text("Hello", 0), seam, text(" world", 6)]);
  expect(none).toEqual([]);
  expect(only).toMatchObject({ kind: "text", text: "Hello world", seams: [{ offset: 5 }] });
});

test("reasoning and tools stand between texts", () => {
  const parts: Part[] = [
    { type: "reasoning", text: "a", position: 0 },
    { type: "reasoning", text: "b", position: 2 },
    text("x", 4),
    { type: "tool", callId: "1", name: "clock", arguments: "", position: 5 },
    seam,
    text("y", 8),
  ];
  expect(segmentsOf(parts).map((segment) => segment.kind)).toEqual(["reasoning", "text", "tool", "text"]);
  expect(segmentsOf(parts)[3]).toMatchObject({ text: "y", seams: [{ offset: 0 }] });
});
