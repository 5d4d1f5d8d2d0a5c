import { useCallback, useSyncExternalStore } from "react";
import type { AnswerLog } from "../store/answers";
import { logOf, stopAnswer } from "../store/chat";
import { shownMessages, type Thread } from "../store/thread";

type Running = { running: boolean; stopping: boolean; stop: () => void };

/** Whether an answer is being written in a conversation; changes with beginnings and ends, not with tokens. */
export function useRunning(thread: Thread): Running {
  const logs = new Set([...thread.messages, ...shownMessages(thread)].flatMap((message) => logOf(message) ?? []));
  const key = [...logs].map((log) => log.generationId).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the logs
  const subscribe = useCallback((listener: () => void) => subscribeAll(logs, listener), [key]);
  const state = useSyncExternalStore(subscribe, () => {
    const running = [...logs].filter((log) => log.running);
    if (running.length === 0) return "idle";
    return running.every((log) => log.view.get().stoppingAt !== null) ? "stopping" : "running";
  });
  const stop = (): void => {
    for (const log of logs) if (log.running) void stopAnswer(log);
  };
  return { running: state !== "idle", stopping: state === "stopping", stop };
}

function subscribeAll(logs: Iterable<AnswerLog>, listener: () => void): () => void {
  const leave = [...logs].map((log) => log.view.subscribe(listener));
  return () => {
    for (const one of leave) one();
  };
}
