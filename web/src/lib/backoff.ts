const min = 100;
const first = 500;
const max = 15_000;

/** Exponential backoff with full jitter, so that clients do not reconnect to a restarted server all at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(max, first * 2 ** Math.min(attempt, 10));
  return Math.max(min, Math.round(random() * ceiling));
}
