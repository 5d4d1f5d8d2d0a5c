import { asApiError, call } from "../api/client";
import type { Message, MessagePage } from "../api/types";
import { route } from "../lib/router";
import { logOf } from "./answers";
import { drafts } from "./drafts";
import { mergePage, patch, threadOf, versionKey } from "./thread";

const pageSize = 50;

/** Loads the newest messages, then follows the running answers from the position of what was loaded. */
export async function openThread(conversationId: string): Promise<void> {
  const thread = threadOf(conversationId);
  if (!thread.get().pending) drafts.recover(conversationId);
  try {
    const page = await loadPage(conversationId);
    const { messages, previous } = thread.get();
    const merged = mergePage(messages, page.items);
    patch(thread, { state: "ready", messages: merged, previous: merged.length > page.items.length ? previous : page.previous });
    if (route.get().conversationId === conversationId) followRunning(merged);
  } catch (error) {
    const { status } = asApiError(error);
    if (status === 404 || status === 400) patch(thread, { state: "missing" });
    else if (thread.get().messages.length === 0) patch(thread, { state: "failed" });
  }
}

async function loadPage(conversationId: string, before?: string): Promise<MessagePage> {
  const cursor = before ? `&before=${before}` : "";
  const page = await call<MessagePage>(`conversations/${conversationId}/messages?limit=${pageSize}${cursor}`);
  for (const message of page.items) logOf(message)?.merge(message);
  return page;
}

function followRunning(messages: readonly Message[]): void {
  for (const message of messages) {
    const log = logOf(message);
    if (log?.running) log.follow();
  }
}

/** Closes the connections of a conversation that is no longer shown. */
export function leaveThread(conversationId: string): void {
  for (const message of threadOf(conversationId).get().messages) logOf(message)?.leave();
}

export async function loadOlder(conversationId: string): Promise<void> {
  const thread = threadOf(conversationId);
  const { previous, loadingOlder } = thread.get();
  if (!previous || loadingOlder) return;
  patch(thread, { loadingOlder: true });
  try {
    const page = await loadPage(conversationId, previous);
    const known = new Set(thread.get().messages.map((message) => message.id));
    const older = page.items.filter((message) => !known.has(message.id));
    patch(thread, { messages: [...older, ...thread.get().messages], previous: page.previous });
  } catch {
    // Scrolling to the top tries again.
  } finally {
    patch(thread, { loadingOlder: false });
  }
}

/** Shows another version of an answer. */
export async function selectVersion(message: Message, id: string): Promise<void> {
  const thread = threadOf(message.conversationId);
  const active = thread.get().messages.find((candidate) => candidate.id === id);
  const version = active ?? (await call<Message>(`messages/${id}`).catch(() => null));
  if (!version) return;
  const log = logOf(version);
  log?.merge(version);
  if (log?.running) log.follow();
  patch(thread, { selected: { ...thread.get().selected, [versionKey(message)]: version } });
}
