import type { GenerationError, GenerationEvent, GenerationStatus, Message, Part, TextPart, Usage } from "../api/types";
import { indexAtByte, utf8Length } from "../lib/utf8";

/** One answer up to a position of its log. */
export type Answer = {
  position: number;
  parts: readonly Part[];
  status: GenerationStatus;
  /** Whether the request has been sent to the model. */
  asked: boolean;
  finishReason: string | null;
  usage: Usage | null;
  error: GenerationError | null;
  stoppedAt: number | null;
};

export const emptyAnswer: Answer = {
  position: 0,
  parts: [],
  status: "running",
  asked: false,
  finishReason: null,
  usage: null,
  error: null,
  stoppedAt: null,
};

export type PositionedEvent = { event: GenerationEvent; position: number };

/** Applies events to an answer. Events at or below its position are ignored. */
export function applyEvents(answer: Answer, events: readonly PositionedEvent[]): Answer {
  if (answer.status !== "running") return answer;
  const parts = [...answer.parts];
  const next: Answer = { ...answer, parts };
  for (const { event, position } of events) {
    if (event.type === "typing") next.asked = true;
    if (event.type === "start" || event.type === "typing") continue;
    if (event.type === "done") {
      next.status = event.finishReason === "stopped" ? "stopped" : "completed";
      next.finishReason = event.finishReason;
      next.usage = event.usage ?? null;
      next.stoppedAt = event.stoppedAt ?? null;
      next.position = Math.max(next.position, position);
      break;
    }
    if (event.type === "error") {
      next.status = event.status;
      next.error = { code: event.code, message: event.message, retryable: event.retryable };
      next.position = Math.max(next.position, position);
      break;
    }
    if (position <= next.position) continue;
    append(parts, event, next.position, position);
    next.position = position;
  }
  return next;
}

type Content = Exclude<GenerationEvent, { type: "start" | "typing" | "done" | "error" }>;

function append(parts: Part[], event: Content, seen: number, position: number): void {
  const last = parts.at(-1);
  switch (event.type) {
    case "token":
    case "reasoning": {
      const type = event.type === "token" ? "text" : "reasoning";
      let from = position - utf8Length(event.content);
      const text = from < seen ? event.content.slice(indexAtByte(event.content, seen - from)) : event.content;
      from = Math.max(from, seen);
      // A gap in the positions is a control entry: a new part begins, so that positions within a part stay exact.
      if (last?.type === type && from === seen) parts[parts.length - 1] = { ...last, text: last.text + text };
      else parts.push({ type, text, position: from });
      return;
    }
    case "tool":
      parts.push({ type: "tool", callId: event.callId, name: event.name, arguments: "", position: position - 1 });
      return;
    case "tool-arguments":
    case "tool-result": {
      const index = parts.findLastIndex((part) => part.type === "tool" && part.callId === event.callId);
      const tool = parts[index];
      if (tool?.type !== "tool") return;
      if (event.type === "tool-arguments") parts[index] = { ...tool, arguments: tool.arguments + event.content };
      else if (event.error !== undefined) parts[index] = { ...tool, error: event.error };
      else parts[index] = { ...tool, result: event.result ?? null };
      return;
    }
    case "seam":
      parts.push({ type: "seam", reason: event.reason, model: event.model, position: position - 1 });
  }
}

/** The parts up to a position. */
export function clampParts(parts: readonly Part[], position: number): readonly Part[] {
  const shown: Part[] = [];
  for (const part of parts) {
    if (part.position >= position) break;
    if (part.type === "text" || part.type === "reasoning") shown.push(clampText(part, position - part.position));
    else shown.push(part);
  }
  return shown;
}

function clampText(part: TextPart, bytes: number): TextPart {
  // A UTF-16 code unit is at most three bytes in UTF-8, so short parts need no counting.
  if (part.text.length * 3 <= bytes) return part;
  const end = indexAtByte(part.text, bytes);
  return end === part.text.length ? part : { ...part, text: part.text.slice(0, end) };
}

export function answerOfMessage(message: Message): Answer {
  return {
    position: message.position ?? 0,
    parts: message.parts,
    status: message.status === "complete" ? "completed" : message.status,
    asked: message.parts.length > 0,
    finishReason: message.finishReason ?? null,
    usage: message.usage ?? null,
    error: message.error ?? null,
    stoppedAt: message.stoppedAt ?? null,
  };
}

/** The later of two states of one answer. An older snapshot never removes text. */
export function newer(known: Answer | undefined, arrived: Answer): Answer {
  if (!known || arrived.position > known.position) return arrived;
  if (arrived.position < known.position) return known;
  return known.status === "running" ? arrived : known;
}

export function plainText(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}
