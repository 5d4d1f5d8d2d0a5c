import type { Retry } from "../lib/retry";

let known: Promise<void> = Promise.resolve();

/** Resolves once this browser has an identity: two first requests at once would be given two, and one would lose what it made. */
export const identified = (): Promise<void> => known;

export function identify(retry: Retry): Promise<void> {
  known = ask(retry);
  return known;
}

async function ask(retry: Retry): Promise<void> {
  const signal = new AbortController().signal;
  for (let attempt = 0; ; attempt++) {
    const response = await fetch("/api/v1/me", { cache: "no-store" }).catch(() => null);
    // Where the server says no, the requests themselves will say why.
    if (response && response.status < 500) break;
    await retry.wait(attempt, signal);
  }
  retry.reached();
}
