import type { Message } from "../api/types";
import { Cell } from "../lib/cell";
import type { Outgoing } from "./drafts";

/** A request for an answer that the server has not taken yet. `after` is the message under which it will stand. */
export type Pending = {
  outgoing: Outgoing | null;
  after: string | null;
  waiting: boolean;
  stopRequested: boolean;
  cancel: AbortController;
};

export type Thread = {
  state: "loading" | "ready" | "missing" | "failed";
  messages: readonly Message[];
  previous: string | null;
  loadingOlder: boolean;
  pending: Pending | null;
  /** Why the last request was refused, in words. */
  problem: string | null;
  /** Which version of an answer is looked at, by the first of its siblings. */
  selected: Readonly<Record<string, Message>>;
};

export const emptyThread: Thread = {
  state: "loading",
  messages: [],
  previous: null,
  loadingOlder: false,
  pending: null,
  problem: null,
  selected: {},
};

const threads = new Map<string, Cell<Thread>>();

/** `null` is the conversation that does not exist yet. */
export function threadOf(conversationId: string | null): Cell<Thread> {
  const id = conversationId ?? "new";
  let thread = threads.get(id);
  if (!thread) {
    thread = new Cell<Thread>(conversationId ? emptyThread : { ...emptyThread, state: "ready" });
    threads.set(id, thread);
  }
  return thread;
}

export function patch(thread: Cell<Thread>, change: Partial<Thread>): void {
  thread.update((value) => ({ ...value, ...change }));
}

export function forgetThread(conversationId: string): void {
  threads.delete(conversationId);
}

/** The newest page laid over what is known: older pages stay, the page itself is the server's word. */
export function mergePage(known: readonly Message[], page: readonly Message[]): readonly Message[] {
  const first = page[0];
  const index = first ? known.findIndex((message) => message.id === first.id) : -1;
  if (index <= 0) return page;
  return [...known.slice(0, index), ...page];
}

/** The messages as they are looked at: with the chosen version in the place of the active one. */
export function shownMessages(thread: Thread): readonly Message[] {
  const shown = thread.messages.map((message) => thread.selected[message.siblings[0] ?? message.id] ?? message);
  const after = thread.pending?.after;
  if (!after) return shown;
  const index = shown.findIndex((message) => message.id === after);
  return index < 0 ? shown : shown.slice(0, index + 1);
}
