import { asApiError, call } from "../api/client";
import type { Conversation, ConversationPage, FeedEvent, RenameRequest } from "../api/types";
import { Cell } from "../lib/cell";
import { navigate, route } from "../lib/router";
import { strings } from "../strings";
import { announce } from "./announcer";
import { forgetAnswers, logOf } from "./answers";
import { drafts } from "./drafts";
import { openThread } from "./openThread";
import { forgetThread, threadOf } from "./thread";
import { forgetMarks, noteConversation } from "./unread";

export type ConversationList = {
  state: "loading" | "ready" | "failed";
  items: readonly Conversation[];
  nextCursor: string | null;
  loadingMore: boolean;
  problem: string | null;
};

export const conversations = new Cell<ConversationList>({
  state: "loading",
  items: [],
  nextCursor: null,
  loadingMore: false,
  problem: null,
});

function patch(change: Partial<ConversationList>): void {
  conversations.update((list) => ({ ...list, ...change }));
}

const age = (conversation: Conversation): string => conversation.lastMessageAt ?? conversation.createdAt;
const sorted = (items: Iterable<Conversation>): Conversation[] =>
  [...items].sort((a, b) => (age(a) < age(b) ? 1 : age(a) > age(b) ? -1 : 0));

const looking = (id: string): boolean => route.get().conversationId === id && document.visibilityState === "visible";

function put(arrived: readonly Conversation[]): void {
  const byId = new Map(conversations.get().items.map((conversation) => [conversation.id, conversation]));
  for (const conversation of arrived) {
    byId.set(conversation.id, conversation);
    noteConversation(conversation, looking(conversation.id));
  }
  patch({ items: sorted(byId.values()) });
}

export async function loadConversations(): Promise<void> {
  try {
    const page = await call<ConversationPage>("conversations?limit=50");
    const { items, nextCursor } = conversations.get();
    // Keep what was loaded beyond the first page. Within it, what the server no longer lists has been deleted.
    const oldest = page.items.at(-1);
    const beyond = page.nextCursor && oldest ? items.filter((item) => age(item) < age(oldest)) : [];
    patch({ state: "ready", items: beyond, nextCursor: beyond.length > 0 ? nextCursor : page.nextCursor });
    put(page.items);
  } catch {
    if (conversations.get().items.length === 0) patch({ state: "failed" });
  }
}

export async function loadMore(): Promise<void> {
  const { nextCursor, loadingMore } = conversations.get();
  if (!nextCursor || loadingMore) return;
  patch({ loadingMore: true });
  try {
    const page = await call<ConversationPage>(`conversations?limit=50&cursor=${encodeURIComponent(nextCursor)}`);
    put(page.items);
    patch({ nextCursor: page.nextCursor });
  } catch (error) {
    announce(asApiError(error).message);
  } finally {
    patch({ loadingMore: false });
  }
}

export async function rename(id: string, title: string): Promise<void> {
  const before = conversations.get().items.find((item) => item.id === id);
  if (!before || !title || title === before.title) return;
  put([{ ...before, title }]);
  try {
    put([await call<Conversation>(`conversations/${id}`, { method: "PATCH", body: { title } satisfies RenameRequest })]);
  } catch (error) {
    put([before]);
    showProblem(error);
  }
}

export async function remove(id: string): Promise<void> {
  try {
    await call(`conversations/${id}`, { method: "DELETE" });
    forget(id);
    announce(strings.announceDeleted);
  } catch (error) {
    if (asApiError(error).status === 404) forget(id);
    else showProblem(error);
  }
}

function showProblem(error: unknown): void {
  const { message } = asApiError(error);
  announce(message);
  patch({ problem: message });
  setTimeout(() => patch({ problem: null }), 6000);
}

function forget(id: string): void {
  forgetAnswers(
    threadOf(id)
      .get()
      .messages.flatMap((message) => message.generationId ?? []),
  );
  forgetThread(id);
  forgetMarks(id);
  drafts.forget(id);
  patch({ items: conversations.get().items.filter((item) => item.id !== id) });
  if (route.get().conversationId === id) navigate(null, { replace: true });
}

export function onFeed(event: FeedEvent): void {
  if (event.type === "hello") {
    void loadConversations();
    const { conversationId } = route.get();
    if (conversationId) void openThread(conversationId);
  } else if (event.type === "conversation-deleted") forget(event.id);
  else {
    const { conversation } = event;
    const before = conversations.get().items.find((item) => item.id === conversation.id);
    put([conversation]);
    if (route.get().conversationId === conversation.id) catchUp(conversation, before);
  }
}

/** Loads the open conversation again if another client has changed it. */
function catchUp(conversation: Conversation, before: Conversation | undefined): void {
  const { messages, pending } = threadOf(conversation.id).get();
  if (pending) return;
  const known = new Set(messages.map((message) => message.generationId));
  const unknown = conversation.running.some(({ generationId }) => !known.has(generationId));
  const grown = before !== undefined && before.messageCount !== conversation.messageCount;
  const silent = messages.some(
    (message) => logOf(message)?.running && !conversation.running.some((run) => run.generationId === message.generationId),
  );
  if (unknown || grown || silent) void openThread(conversation.id);
}
