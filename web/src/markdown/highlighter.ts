import type { HighlightRequest, HighlightResponse } from "./highlight.worker";

type Answer = (groups: HighlightResponse["groups"]) => void;

const waiting = new Map<number, Answer[]>();
let worker: Worker | null = null;
let next = 1;

/** Highlighting happens beside the page, so a long listing never holds up a frame. */
function theWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./highlight.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<HighlightResponse>) => {
    waiting.get(data.id)?.shift()?.(data.groups);
  });
  worker.addEventListener("error", () => {
    // Could not be loaded: code stays plain until somebody asks again.
    worker = null;
    for (const answers of waiting.values()) for (const answer of answers.splice(0)) answer([]);
  });
  return worker;
}

export function newHighlightId(): number {
  return next++;
}

export function highlight(request: HighlightRequest): Promise<HighlightResponse["groups"]> {
  return new Promise((resolve) => {
    const answers = waiting.get(request.id) ?? [];
    waiting.set(request.id, [...answers, resolve]);
    theWorker().postMessage(request);
  });
}
