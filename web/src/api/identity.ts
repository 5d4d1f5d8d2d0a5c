import type { Retry } from "../lib/retry";

let known: Promise<void> = Promise.resolve();

/** Resolves when this browser has an identity. Two first requests at once would create two, and the data of one would be lost. */
export const identified = (): Promise<void> => known;

export function identify(retry: Retry): Promise<void> {
  known = ask(retry);
  return known;
}

async function ask(retry: Retry): Promise<void> {
  const signal = new AbortController().signal;
  for (let attempt = 0; ; attempt++) {
    const response = await fetch("/api/v1/me", { cache: "no-store" }).catch(() => null);
    // After a refusal, the requests themselves report the reason.
    if (response && response.status < 500) break;
    await retry.wait(attempt, signal);
  }
  retry.reached();
}
