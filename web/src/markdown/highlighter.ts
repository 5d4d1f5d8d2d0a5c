import type { HighlightRequest, HighlightResponse } from "./highlight.worker";

type Answer = (groups: HighlightResponse["groups"]) => void;

const waiting = new Map<number, Answer[]>();
let worker: Worker | null = null;
let next = 1;

/** Highlighting runs in a worker, so that a long code block never blocks a frame. */
function theWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./highlight.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<HighlightResponse>) => {
    waiting.get(data.id)?.shift()?.(data.groups);
  });
  worker.addEventListener("error", () => {
    // The worker could not be loaded: code stays plain, and the next request tries again.
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
