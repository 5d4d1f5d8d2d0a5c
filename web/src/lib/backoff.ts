const first = 500;
const cap = 15_000;

/** Exponential backoff with full jitter: many clients of a server that comes back do not return at the same moment. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(cap, first * 2 ** Math.min(attempt, 10));
  // A floor keeps a lucky draw from hammering.
  return Math.max(100, Math.round(random() * ceiling));
}
