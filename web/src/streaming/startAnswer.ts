import { isTransient, problemOf } from "../api/client";
import { identified } from "../api/identity";
import type { Retry } from "../lib/retry";

export type Start = {
  path: string;
  body: unknown;
  /** The same key for every try: however often the request arrives, one answer is started. */
  key: string;
  retry: Retry;
  signal: AbortSignal;
  onWaiting?: () => void;
};

/** Sends a request that starts an answer until the server has taken or refused it. Resolves with the answer's stream. */
export async function startAnswer({ path, body, key, retry, signal, onWaiting }: Start): Promise<Response> {
  await identified();
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream", "Idempotency-Key": key },
      body: JSON.stringify(body),
      signal,
    }).catch(() => null);
    signal.throwIfAborted();
    if (response && !isTransient(response.status)) {
      retry.reached();
      if (response.ok) return response;
      throw await problemOf(response);
    }
    onWaiting?.();
    await retry.wait(attempt, signal);
    signal.throwIfAborted();
  }
}
