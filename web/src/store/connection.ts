import { backoff } from "../lib/backoff";
import { Cell } from "../lib/cell";
import type { Retry } from "../lib/retry";
import { strings } from "../strings";
import { announce } from "./announcer";

export type Connection = { state: "online" | "reconnecting" | "offline"; retryAt: number | null };

export const connection = new Cell<Connection>({ state: "online", retryAt: null });

/** When each loop that has lost its connection tries again. */
const retryTimes = new Map<string, number>();
const waiting = new Set<() => void>();

export function retryNow(): void {
  for (const wake of [...waiting]) wake();
}

/** All reconnecting loops share one banner, one retry button and one way to wait. */
export function retryFor(source: string): Retry {
  return {
    reached() {
      if (retryTimes.delete(source)) show();
    },
    async wait(attempt, signal) {
      const delay = backoff(attempt);
      retryTimes.set(source, Date.now() + delay);
      show();
      await pause(delay, signal);
      if (signal.aborted) this.reached();
    },
  };
}

function pause(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      waiting.delete(done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delay);
    waiting.add(done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

let announced: Connection["state"] = "online";
let announcing: ReturnType<typeof setTimeout> | undefined;

function show(): void {
  const state = navigator.onLine ? (retryTimes.size > 0 ? "reconnecting" : "online") : "offline";
  const retryAt = retryTimes.size > 0 ? Math.min(...retryTimes.values()) : null;
  const shown = connection.get();
  if (shown.state !== state || shown.retryAt !== retryAt) connection.set({ state, retryAt });
  // A short interruption is not announced.
  clearTimeout(announcing);
  announcing = setTimeout(() => {
    if (announced === state) return;
    announced = state;
    announce(state === "online" ? strings.announceBack : state === "offline" ? strings.announceOffline : strings.announceLost);
  }, 1500);
}

export function watchNetwork(): void {
  addEventListener("online", () => {
    show();
    retryNow();
  });
  addEventListener("offline", show);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") retryNow();
  });
  show();
}
