import { ApiError, asApiError, call } from "../api/client";
import type { Message, MessagePage } from "../api/types";
import type { Cell } from "../lib/cell";
import { navigate, route } from "../lib/router";
import { uuid } from "../lib/uuid";
import { readEvents } from "../streaming/readEvents";
import { startAnswer } from "../streaming/startAnswer";
import { strings } from "../strings";
import { announce } from "./announcer";
import { type AnswerLog, answerLog } from "./answers";
import { retryFor } from "./connection";
import { drafts, type Outgoing } from "./drafts";
import { mergePage, type Pending, patch, type Thread, threadOf } from "./thread";

export function logOf(message: Message): AnswerLog | null {
  if (message.role !== "assistant" || !message.generationId) return null;
  return answerLog(message.generationId, () => message.id);
}

/** Snapshot first, then the rest from its position on: the first paint is complete up to now. */
export async function openThread(conversationId: string): Promise<void> {
  const thread = threadOf(conversationId);
  if (!thread.get().pending) drafts.recover(conversationId);
  try {
    const page = await call<MessagePage>(`conversations/${conversationId}/messages?limit=50`);
    for (const message of page.items) logOf(message)?.merge(message);
    const { messages, previous } = thread.get();
    const merged = mergePage(messages, page.items);
    patch(thread, { state: "ready", messages: merged, previous: merged.length > page.items.length ? previous : page.previous });
    if (route.get().conversationId === conversationId) followRunning(thread.get());
  } catch (error) {
    const { status } = asApiError(error);
    if (status === 404 || status === 400) patch(thread, { state: "missing" });
    else if (thread.get().messages.length === 0) patch(thread, { state: "failed" });
  }
}

function followRunning(thread: Thread): void {
  for (const message of thread.messages) {
    const log = logOf(message);
    if (log?.running) log.follow();
  }
}

export function leaveThread(conversationId: string): void {
  for (const message of threadOf(conversationId).get().messages) logOf(message)?.leave();
}

export async function loadOlder(conversationId: string): Promise<void> {
  const thread = threadOf(conversationId);
  const { previous, loadingOlder } = thread.get();
  if (!previous || loadingOlder) return;
  patch(thread, { loadingOlder: true });
  try {
    const page = await call<MessagePage>(`conversations/${conversationId}/messages?limit=50&before=${previous}`);
    for (const message of page.items) logOf(message)?.merge(message);
    const known = new Set(thread.get().messages.map((message) => message.id));
    const older = page.items.filter((message) => !known.has(message.id));
    patch(thread, { messages: [...older, ...thread.get().messages], previous: page.previous });
  } catch {
    // The next scroll to the top tries again.
  } finally {
    patch(thread, { loadingOlder: false });
  }
}

export async function send(message: Omit<Outgoing, "key">): Promise<void> {
  const thread = threadOf(message.conversationId);
  if (thread.get().pending) return;
  const outgoing = drafts.send(message);
  drafts.write(message.conversationId, "");
  const { conversationId, parentId, model, text } = outgoing;
  const body = { message: text, model, ...(conversationId ? { conversationId } : {}), ...(parentId ? { parentId } : {}) };
  await request(thread, { path: "/api/chat", body, key: outgoing.key, outgoing, after: null });
}

/** Answers the same message again, or goes on where an answer ended early. Both make a new version of it. */
export async function again(message: Message, verb: "retry" | "continue", model: string | null): Promise<void> {
  const thread = threadOf(message.conversationId);
  if (thread.get().pending || !message.generationId) return;
  const path = `/api/v1/generations/${message.generationId}/${verb}`;
  const body = verb === "retry" && model ? { model } : {};
  await request(thread, { path, body, key: uuid(), outgoing: null, after: message.parentId });
}

type Request = { path: string; body: unknown; key: string; outgoing: Outgoing | null; after: string | null };

async function request(thread: Cell<Thread>, { path, body, key, outgoing, after }: Request): Promise<void> {
  const pending: Pending = { outgoing, after, waiting: false, stopRequested: false, cancel: new AbortController() };
  patch(thread, { pending, problem: null });
  try {
    const response = await startAnswer({
      path,
      body,
      key,
      retry: retryFor(key),
      signal: pending.cancel.signal,
      onWaiting: () => thread.update((value) => (value.pending ? { ...value, pending: { ...value.pending, waiting: true } } : value)),
    });
    await accepted(thread, response, outgoing);
  } catch (error) {
    if (outgoing) drafts.restore(outgoing);
    const problem = pending.cancel.signal.aborted ? null : asApiError(error).message;
    patch(thread, { pending: null, problem });
    if (problem) announce(problem);
  }
}

async function accepted(thread: Cell<Thread>, response: Response, outgoing: Outgoing | null): Promise<void> {
  const conversationId = response.headers.get("X-Conversation-Id") ?? outgoing?.conversationId;
  const generationId = response.headers.get("X-Generation-Id");
  if (!conversationId || !generationId) {
    // Something between here and the server answers in its place.
    await readEvents(response, AbortSignal.abort(), () => undefined).catch(() => undefined);
    throw new ApiError(response.status, "unknown", strings.errors.unknown);
  }
  const { pending } = thread.get();
  const leaving = pending?.cancel.signal ?? AbortSignal.abort();
  if (outgoing) drafts.accepted(outgoing);
  const home = threadOf(conversationId);
  let messageId: string | null = null;
  const log = answerLog(generationId, () => messageId);
  log.follow(response);
  if (pending?.stopRequested) void stopAnswer(log);
  if (home !== thread) {
    patch(home, { state: "ready", pending, messages: [] });
    patch(thread, { pending: null });
    drafts.moveTo(conversationId);
    if (route.get().conversationId === null) navigate(conversationId, { replace: true });
  }
  // The stream goes on while the server's view of the conversation, with the new messages in it, is fetched.
  const retry = retryFor(generationId);
  for (let attempt = 0; messageId === null; attempt++) {
    await openThread(conversationId);
    messageId = home.get().messages.find((message) => message.generationId === generationId)?.id ?? null;
    if (messageId !== null || home.get().state === "missing") break;
    await retry.wait(attempt, leaving);
  }
  retry.reached();
  const chosen = home.get().messages.find((message) => message.id === messageId);
  const selected = { ...home.get().selected };
  if (chosen) delete selected[chosen.siblings[0] ?? chosen.id];
  patch(home, { pending: null, selected });
  if (route.get().conversationId !== conversationId) log.leave();
}

export async function stopAnswer(log: AnswerLog): Promise<void> {
  try {
    await log.stop();
  } catch (error) {
    announce(asApiError(error).message);
  }
}

export function stopPending(conversationId: string | null): void {
  const thread = threadOf(conversationId);
  const { pending } = thread.get();
  if (!pending) return;
  if (pending.waiting) pending.cancel.abort();
  else patch(thread, { pending: { ...pending, stopRequested: true } });
}

export async function selectVersion(message: Message, id: string): Promise<void> {
  const thread = threadOf(message.conversationId);
  const active = thread.get().messages.find((candidate) => candidate.id === id);
  const version = active ?? (await call<Message>(`messages/${id}`).catch(() => null));
  if (!version) return;
  const log = logOf(version);
  log?.merge(version);
  if (log?.running) log.follow();
  patch(thread, { selected: { ...thread.get().selected, [message.siblings[0] ?? message.id]: version } });
}
