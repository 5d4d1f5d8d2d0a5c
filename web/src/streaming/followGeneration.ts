import type { Retry } from "../lib/retry";
import type { PositionedEvent } from "./answer";
import { readEvents } from "./readEvents";

/** `ended`: the last event of the log has been received, now or before. `left`: the signal was aborted. */
export type FollowOutcome = "ended" | "gone" | "refused" | "left";

export type Follow = {
  generationId: string;
  /** The position up to which events have been received. */
  position: () => number;
  onEvents: (events: PositionedEvent[]) => void;
  retry: Retry;
  signal: AbortSignal;
  /** The response to the request that started the generation. */
  response?: Response;
};

/** Follows the log of a generation to its end, and reconnects as often as necessary. */
export async function followGeneration(follow: Follow): Promise<FollowOutcome> {
  const { generationId, signal, retry } = follow;
  let response = follow.response;
  let attempt = 0;
  let ended = false;
  while (!signal.aborted) {
    try {
      response ??= await fetch(`/api/v1/generations/${generationId}/events?after=${follow.position()}`, {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        signal,
      });
      if (response.status === 204) return reached("ended");
      if (response.status === 404) return reached("gone");
      if (response.status >= 400 && response.status < 500 && response.status !== 408 && response.status !== 429) return reached("refused");
      if (response.ok) {
        retry.reached();
        await readEvents(response, signal, (events) => {
          attempt = 0;
          follow.onEvents(events);
          ended ||= events.some(({ event }) => event.type === "done" || event.type === "error");
        });
        if (ended) return "ended";
      }
    } catch {
      // The next connection resumes at the position.
      if (ended) return "ended";
    }
    response = undefined;
    if (!signal.aborted) await retry.wait(attempt++, signal);
  }
  return "left";

  function reached(outcome: FollowOutcome): FollowOutcome {
    retry.reached();
    return outcome;
  }
}
