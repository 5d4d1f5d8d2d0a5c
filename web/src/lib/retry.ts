/** How a loop that lost its connection waits for the next try, and says that it has one again. */
export type Retry = {
  wait(attempt: number, signal: AbortSignal): Promise<void>;
  reached(): void;
};
