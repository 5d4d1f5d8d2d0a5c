/** How a reconnecting loop waits for its next attempt, and reports that the server was reached. */
export type Retry = {
  wait(attempt: number, signal: AbortSignal): Promise<void>;
  reached(): void;
};
