import type { Message } from "../api/types";
import { Cell } from "../lib/cell";
import { type AnswerLog, logOf } from "./answers";
import type { Outgoing } from "./drafts";

/** A request for an answer, until the conversation has been loaded with the answer in it. */
export type Pending = {
  outgoing: Outgoing | null;
  /** The message under which the answer will be. */
  after: string | null;
  /** The server has not been reached yet. */
  waiting: boolean;
  stopRequested: boolean;
  /** The answer, once the server has accepted the request. */
  log: AnswerLog | null;
  cancel: AbortController;
};

/** The messages of one conversation as far as they are loaded. */
export type Thread = {
  state: "loading" | "ready" | "missing" | "failed";
  messages: readonly Message[];
  previous: string | null;
  loadingOlder: boolean;
  pending: Pending | null;
  /** Why the last request was refused. */
  problem: string | null;
  /** The version of an answer that is shown, by the id of its first sibling. */
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

/** Replaces the loaded messages by the newest page; older pages are kept. */
export function mergePage(known: readonly Message[], page: readonly Message[]): readonly Message[] {
  const first = page[0];
  const index = first ? known.findIndex((message) => message.id === first.id) : -1;
  if (index <= 0) return page;
  return [...known.slice(0, index), ...page];
}

/** All versions of an answer have the same key. */
export const versionKey = (message: Message): string => message.siblings[0] ?? message.id;

/** The messages to show: the selected version of each answer, and nothing below a message that is being answered again. */
export function shownMessages(thread: Thread): readonly Message[] {
  const shown = thread.messages.map((message) => thread.selected[versionKey(message)] ?? message);
  const after = thread.pending?.after;
  if (!after) return shown;
  const index = shown.findIndex((message) => message.id === after);
  return index < 0 ? shown : shown.slice(0, index + 1);
}

/** The logs of all answers that are loaded or shown. */
export function logsOf(thread: Thread): AnswerLog[] {
  const logs = [...thread.messages, ...shownMessages(thread)].flatMap((message) => logOf(message) ?? []);
  return [...new Set(logs)];
}
