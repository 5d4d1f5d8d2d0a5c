import { describe, expect, test } from "vitest";
import type { GenerationEvent } from "../api/types";
import { indexAtByte, utf8Length } from "../lib/utf8";
import { type Answer, applyEvents, clampParts, emptyAnswer, newer, type PositionedEvent, plainText } from "./answer";

const encoder = new TextEncoder();

function log(...events: GenerationEvent[]): PositionedEvent[] {
  let position = 0;
  return events.map((event) => {
    if (event.type === "token" || event.type === "reasoning") position += encoder.encode(event.content).length;
    else if (event.type !== "start" && event.type !== "typing") position += 1;
    return { event, position };
  });
}

const story = log(
  { type: "start", conversationId: "c", generationId: "g", messageId: "m", model: "demo/a" },
  { type: "typing" },
  { type: "reasoning", content: "Grüße über" },
  { type: "reasoning", content: "legen" },
  { type: "tool", callId: "1", name: "clock" },
  { type: "tool-arguments", callId: "1", content: '{"zone":' },
  { type: "tool-arguments", callId: "1", content: '"UTC"}' },
  { type: "tool-result", callId: "1", result: { time: "12:00" } },
  { type: "token", content: "Hello 🌍" },
  { type: "token", content: " 世界" },
  { type: "seam", reason: "adopted", model: "demo/b" },
  { type: "token", content: "goes on" },
  { type: "done", finishReason: "stop", usage: { inputTokens: 1, outputTokens: 2 } },
);
const whole = applyEvents(emptyAnswer, story);

describe("applyEvents", () => {
  test("builds parts with their positions", () => {
    expect(whole.status).toBe("completed");
    expect(plainText(whole.parts)).toBe("Hello 🌍 世界goes on");
    expect(whole.parts.map((part) => part.type)).toEqual(["reasoning", "tool", "text", "seam", "text"]);
    expect(whole.parts[0]?.position).toBe(0);
    expect(whole.parts[2]).toMatchObject({ position: encoder.encode("Grüße überlegen").length + 4 });
  });

  test("in any number of batches gives the same answer", () => {
    for (let cut = 0; cut <= story.length; cut++)
      expect(applyEvents(applyEvents(emptyAnswer, story.slice(0, cut)), story.slice(cut))).toEqual(whole);
  });

  test("repeated events change nothing", () => {
    for (let cut = 0; cut < story.length; cut++) {
      const partial = applyEvents(emptyAnswer, story.slice(0, cut));
      expect(applyEvents(partial, story.slice(0, cut))).toEqual(partial);
      for (let back = 0; back <= cut; back++) expect(applyEvents(partial, story.slice(back))).toEqual(whole);
    }
  });

  test("an event that overlaps what is known adds only its rest", () => {
    const known = applyEvents(emptyAnswer, [{ event: { type: "token", content: "Grü" }, position: 4 }]);
    const next = applyEvents(known, [{ event: { type: "token", content: "rüße" }, position: 7 }]);
    expect(plainText(next.parts)).toBe("Grüße");
  });

  test("nothing changes an ended answer", () => {
    expect(applyEvents(whole, [{ event: { type: "token", content: "more" }, position: 999 }])).toBe(whole);
  });

  test("an error keeps the text", () => {
    const failed = applyEvents(
      emptyAnswer,
      log(
        { type: "token", content: "half" },
        { type: "error", code: "provider_failed", message: "Gone.", retryable: true, status: "failed" },
      ),
    );
    expect(failed).toMatchObject({ status: "failed", error: { code: "provider_failed" } });
    expect(plainText(failed.parts)).toBe("half");
  });
});

describe("clampParts", () => {
  const start = whole.parts[2]?.position ?? 0;

  test("cuts inside text of several bytes a character, never inside a character", () => {
    const text = "Hello 🌍 世界";
    for (let bytes = 1; bytes <= encoder.encode(text).length; bytes++) {
      const shown = plainText(clampParts(whole.parts, start + bytes));
      expect(text.startsWith(shown)).toBe(true);
      expect(utf8Length(shown)).toBeLessThanOrEqual(bytes);
      expect(shown).toBe(text.slice(0, indexAtByte(text, bytes)));
    }
  });

  test("shows all at the end and nothing at the beginning", () => {
    expect(clampParts(whole.parts, whole.position)).toEqual(whole.parts);
    expect(clampParts(whole.parts, 0)).toEqual([]);
  });
});

test("newer never lets a lower cursor overwrite a higher one", () => {
  const at = (position: number, status: Answer["status"] = "running"): Answer => ({ ...emptyAnswer, position, status });
  const known = at(10);
  expect(newer(known, at(9))).toBe(known);
  expect(newer(known, at(0, "completed"))).toBe(known);
  expect(newer(known, at(11)).position).toBe(11);
  expect(newer(known, at(10, "completed")).status).toBe("completed");
  expect(newer(at(10, "stopped"), at(10)).status).toBe("stopped");
  expect(newer(undefined, at(0)).position).toBe(0);
});

test("utf8Length counts what an encoder writes", () => {
  for (const text of ["", "abc", "Grüße", "世界", "🌍x", "e\u0301"]) expect(utf8Length(text)).toBe(encoder.encode(text).length);
});
