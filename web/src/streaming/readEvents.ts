import type { GenerationEvent } from "../api/types";
import type { PositionedEvent } from "./answer";
import { SseParser } from "./sse";

const silenceLimit = 45_000;
const heartbeat = 15_000;

/** Reads a body to its end, closes it when the signal is aborted or nothing was received for 45 s, and throws when the connection breaks. */
export async function readBody(response: Response, signal: AbortSignal, onBytes: (bytes: Uint8Array) => void): Promise<void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  let last = Date.now();
  let finished = false;
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  const check = (limit: number): void => {
    if (Date.now() - last > limit) cancel();
  };
  const watchdog = setInterval(() => check(silenceLimit), 5_000);
  // After a device wakes up its connection may be dead: one missed heartbeat is enough to close it.
  const onVisible = (): void => {
    if (document.visibilityState === "visible") check(heartbeat + 3_000);
  };
  globalThis.document?.addEventListener("visibilitychange", onVisible);
  signal.addEventListener("abort", cancel);
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) {
        finished = true;
        return;
      }
      last = Date.now();
      onBytes(value);
    }
  } finally {
    clearInterval(watchdog);
    globalThis.document?.removeEventListener("visibilitychange", onVisible);
    signal.removeEventListener("abort", cancel);
    if (!finished) cancel();
  }
}

export async function readEvents(response: Response, signal: AbortSignal, onEvents: (events: PositionedEvent[]) => void): Promise<void> {
  const parser = new SseParser();
  await readBody(response, signal, (bytes) => {
    const events: PositionedEvent[] = [];
    for (const { data, id } of parser.push(bytes)) {
      events.push({ event: JSON.parse(data) as GenerationEvent, position: id === null ? -1 : Number(id) });
    }
    if (events.length > 0 && !signal.aborted) onEvents(events);
  });
}
