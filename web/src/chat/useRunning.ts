import { useCallback, useSyncExternalStore } from "react";
import type { AnswerLog } from "../store/answers";
import { logsOf, type Thread } from "../store/thread";

type State = "idle" | "running" | "stopping";

/** Whether an answer of the conversation is running. Changes when answers start, stop and end, not with every token. */
export function useRunning(thread: Thread): State {
  const logs = logsOf(thread);
  const key = logs.map((log) => log.generationId).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key identifies the logs
  const subscribe = useCallback((listener: () => void) => subscribeAll(logs, listener), [key]);
  const state = (): State => stateOf(logs);
  return useSyncExternalStore(subscribe, state, state);
}

function stateOf(logs: readonly AnswerLog[]): State {
  const running = logs.filter((log) => log.running);
  if (running.length === 0) return "idle";
  return running.every((log) => log.view.get().stoppingAt !== null) ? "stopping" : "running";
}

function subscribeAll(logs: readonly AnswerLog[], listener: () => void): () => void {
  const unsubscribes = logs.map((log) => log.view.subscribe(listener));
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe();
  };
}
