import { identified, identify } from "../api/identity";
import type { FeedEvent } from "../api/types";
import { readBody } from "../streaming/readEvents";
import { SseParser } from "../streaming/sse";
import { retryFor } from "./connection";

type Relay = { kind: "event"; event: FeedEvent } | { kind: "alive" };

const maxSilence = 60_000;

/**
 * What changed, as it changes. Browsers allow six connections to a host over HTTP/1.1, so of all tabs one holds the feed and tells the others;
 * when it closes, the next one takes over.
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
  // A leader that the system froze holds its lock and says nothing: then a tab that is looked at listens for itself.
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
      // The list is fetched anew with the next hello.
    }
    if (!signal.aborted) await retry.wait(attempt, signal);
  }
}
