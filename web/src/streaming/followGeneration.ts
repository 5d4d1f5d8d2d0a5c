import type { Retry } from "../lib/retry";
import type { PositionedEvent } from "./answer";
import { readEvents } from "./readEvents";

/** `ended`: the log's last event was read, or lies before the cursor. `left`: the signal said so. */
export type FollowOutcome = "ended" | "gone" | "refused" | "left";

export type Follow = {
  generationId: string;
  /** The cursor: everything up to it has been handed over. */
  position: () => number;
  onEvents: (events: PositionedEvent[]) => void;
  retry: Retry;
  signal: AbortSignal;
  /** The stream that the request which started the generation answered with. */
  response?: Response;
};

/** Follows a generation's log to its end, over as many connections as that takes. */
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
      // Whatever broke, the log is still there: the next connection goes on from the cursor.
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
