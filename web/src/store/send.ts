import { asApiError } from "../api/client";
import type { ContinueRequest, Message, RetryRequest, SendRequest } from "../api/types";
import type { Cell } from "../lib/cell";
import { navigate, route } from "../lib/router";
import { uuid } from "../lib/uuid";
import { type StartedAnswer, startAnswer } from "../streaming/startAnswer";
import { announce } from "./announcer";
import { type AnswerLog, answerLog } from "./answers";
import { retryFor } from "./connection";
import { drafts, type Outgoing } from "./drafts";
import { openThread } from "./openThread";
import { logsOf, type Pending, patch, type Thread, threadOf, versionKey } from "./thread";

type Request = {
  path: string;
  body: SendRequest | RetryRequest | ContinueRequest;
  key: string;
  conversationId: string | null;
  outgoing: Outgoing | null;
  after: string | null;
};

export async function send(message: Omit<Outgoing, "key">): Promise<void> {
  const { conversationId, parentId, model, text } = message;
  if (threadOf(conversationId).get().pending) return;
  const outgoing = drafts.send(message);
  drafts.write(conversationId, "");
  const body = { message: text, model, ...(conversationId ? { conversationId } : {}), ...(parentId ? { parentId } : {}) };
  await ask({ path: "/api/chat", body, key: outgoing.key, conversationId, outgoing, after: null });
}

/** Answers the same message again, as a new version. Without a model the server takes that of the first answer. */
export const retryAnswer = (message: Message, model: string | null): Promise<void> => askAgain(message, "retry", model ? { model } : {});

/** Continues an answer that ended early, as a new version. */
export const continueAnswer = (message: Message): Promise<void> => askAgain(message, "continue", {});

async function askAgain(message: Message, action: "retry" | "continue", body: RetryRequest | ContinueRequest): Promise<void> {
  const { conversationId, generationId, parentId } = message;
  if (threadOf(conversationId).get().pending || !generationId) return;
  const path = `/api/v1/generations/${generationId}/${action}`;
  await ask({ path, body, key: uuid(), conversationId, outgoing: null, after: parentId ?? null });
}

/** Sends the request, follows its answer, and shows both in their conversation. */
async function ask({ path, body, key, conversationId, outgoing, after }: Request): Promise<void> {
  const thread = threadOf(conversationId);
  const cancel = new AbortController();
  patch(thread, { pending: { outgoing, after, waiting: false, stopRequested: false, log: null, cancel }, problem: null });
  const onWaiting = (): void => patchPending(thread, { waiting: true });
  let started: StartedAnswer;
  try {
    started = await startAnswer({ path, body, key, conversationId, retry: retryFor(key), signal: cancel.signal, onWaiting });
  } catch (error) {
    refuse(thread, outgoing, cancel.signal.aborted ? null : asApiError(error).message);
    return;
  }
  if (outgoing) drafts.accepted(outgoing);
  const log = answerLog(started.generationId);
  log.follow(started.response);
  if (thread.get().pending?.stopRequested) void stopAnswer(log);
  patchPending(thread, { waiting: false, log });
  if (started.conversationId !== conversationId) moveTo(started.conversationId, thread);
  await loadAnswer(started, cancel.signal);
  if (route.get().conversationId !== started.conversationId) log.leave();
}

function patchPending(thread: Cell<Thread>, change: Partial<Pending>): void {
  thread.update((value) => (value.pending ? { ...value, pending: { ...value.pending, ...change } } : value));
}

function refuse(thread: Cell<Thread>, outgoing: Outgoing | null, problem: string | null): void {
  if (outgoing) drafts.restore(outgoing);
  patch(thread, { pending: null, problem });
  if (problem) announce(problem);
}

/** The first message has created its conversation. */
function moveTo(conversationId: string, thread: Cell<Thread>): void {
  patch(threadOf(conversationId), { state: "ready", pending: thread.get().pending, messages: [] });
  patch(thread, { pending: null });
  drafts.moveTo(conversationId);
  if (route.get().conversationId === null) navigate(conversationId, { replace: true });
}

/** Loads the conversation until the answer is in it, and shows the answer in place of what was pending. */
async function loadAnswer({ conversationId, generationId }: StartedAnswer, signal: AbortSignal): Promise<void> {
  const retry = retryFor(generationId);
  for (let attempt = 0; ; attempt++) {
    await openThread(conversationId);
    const thread = threadOf(conversationId);
    const { messages, selected, state } = thread.get();
    const answer = messages.find((message) => message.generationId === generationId);
    if (answer || state === "missing") {
      retry.reached();
      const others = { ...selected };
      if (answer) delete others[versionKey(answer)];
      patch(thread, { pending: null, selected: others });
      return;
    }
    await retry.wait(attempt, signal);
  }
}

/** Stops the answers of a conversation, and cancels a request that has not reached the server. */
export function stop(conversationId: string | null): void {
  const thread = threadOf(conversationId);
  const { pending } = thread.get();
  if (pending) stopPending(thread, pending);
  else for (const log of logsOf(thread.get())) if (log.running && log.view.get().stoppingAt === null) void stopAnswer(log);
}

function stopPending(thread: Cell<Thread>, { waiting, stopRequested, log, cancel }: Pending): void {
  if (waiting) cancel.abort();
  else if (!stopRequested) {
    patchPending(thread, { stopRequested: true });
    if (log) void stopAnswer(log);
  }
}

async function stopAnswer(log: AnswerLog): Promise<void> {
  try {
    await log.stop();
  } catch (error) {
    announce(asApiError(error).message);
  }
}
