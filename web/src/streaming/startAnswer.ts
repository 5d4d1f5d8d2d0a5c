import { ApiError, isTransient, problemOf } from "../api/client";
import { identified } from "../api/identity";
import type { Retry } from "../lib/retry";
import { strings } from "../strings";

export type Start = {
  path: string;
  body: unknown;
  /** The same key for every attempt: however often the request arrives, one answer is started. */
  key: string;
  /** The conversation, if it exists already. */
  conversationId: string | null;
  retry: Retry;
  signal: AbortSignal;
  onWaiting?: () => void;
};

export type StartedAnswer = { conversationId: string; generationId: string; response: Response };

/** Sends a request that starts an answer, again and again until the server accepts or refuses it. */
export async function startAnswer({ path, body, key, conversationId, retry, signal, onWaiting }: Start): Promise<StartedAnswer> {
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
      return await startedBy(response, conversationId);
    }
    onWaiting?.();
    await retry.wait(attempt, signal);
  }
}

async function startedBy(response: Response, knownConversation: string | null): Promise<StartedAnswer> {
  if (!response.ok) throw await problemOf(response);
  const conversationId = response.headers.get("X-Conversation-Id") ?? knownConversation;
  const generationId = response.headers.get("X-Generation-Id");
  if (conversationId && generationId) return { conversationId, generationId, response };
  // A proxy has answered instead of the server.
  await response.body?.cancel().catch(() => undefined);
  throw new ApiError(response.status, "unknown", strings.errors.unknown);
}
