import { identified, identify } from "../api/identity";
import type { FeedEvent } from "../api/types";
import { readBody } from "../streaming/readEvents";
import { SseParser } from "../streaming/sse";
import { retryFor } from "./connection";

type Relay = { kind: "event"; event: FeedEvent } | { kind: "alive" };

const maxSilence = 60_000;

/**
 * Receives changes of conversations. Browsers allow six HTTP/1.1 connections to a host, so one tab reads the feed and relays it to the others;
 * when it is closed, another one takes over.
 */
export function followFeed(onEvent: (event: FeedEvent) => void): void {
  const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("parley.feed") : null;
  const tell = (message: Relay): void => channel?.postMessage(message);
  if (!channel || !navigator.locks) {
    void read(onEvent, () => undefined, new AbortController().signal);
    return;
  }
  let heard = Date.now();
  let own: AbortController | null = null;
  channel.addEventListener("message", ({ data }: MessageEvent<Relay>) => {
    heard = Date.now();
    if (data.kind === "event" && !own) onEvent(data.event);
  });
  // A frozen tab keeps the lock but relays nothing: then a visible tab reads the feed itself.
  setInterval(() => {
    if (own || document.visibilityState === "hidden" || Date.now() - heard < maxSilence) return;
    own = new AbortController();
    void read(onEvent, () => undefined, own.signal);
  }, 10_000);
  void navigator.locks.request("parley.feed", () => {
    own?.abort();
    own = new AbortController();
    const relay = (event: FeedEvent): void => {
      tell({ kind: "event", event });
      onEvent(event);
    };
    return read(relay, () => tell({ kind: "alive" }), own.signal);
  });
}

async function read(onEvent: (event: FeedEvent) => void, onAlive: () => void, signal: AbortSignal): Promise<void> {
  const retry = retryFor("feed");
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await identified();
      const response = await fetch("/api/v1/feed", { headers: { Accept: "text/event-stream" }, cache: "no-store", signal });
      if (response.status === 401) await identify(retryFor("identity"));
      if (response.ok) {
        retry.reached();
        const parser = new SseParser();
        await readBody(response, signal, (bytes) => {
          attempt = 0;
          onAlive();
          for (const { data } of parser.push(bytes)) onEvent(JSON.parse(data) as FeedEvent);
        });
      }
    } catch {
      // The next `hello` loads the list again.
    }
    if (!signal.aborted) await retry.wait(attempt, signal);
  }
}
