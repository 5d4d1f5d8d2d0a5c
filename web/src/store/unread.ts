import type { Conversation } from "../api/types";
import { Cell } from "../lib/cell";
import { browserStore, readJson } from "../lib/storage";

type Marks = { running: readonly string[]; unread: readonly string[] };

/** Conversations with a new answer. Stored in the browser, so that answers that end while it is closed count too. */
export const marks = new Cell<Marks>(readJson<Marks>(browserStore, "marks", { running: [], unread: [] }));

function save(next: Marks): void {
  marks.set(next);
  browserStore.set("marks", JSON.stringify(next));
}

export function noteConversation({ id, running }: Conversation, looking: boolean): void {
  const now = marks.get();
  const was = now.running.includes(id);
  const is = running.length > 0;
  if (was === is) return;
  const unread = is || looking ? now.unread.filter((other) => other !== id) : [...now.unread.filter((other) => other !== id), id];
  save({ running: is ? [...now.running, id] : now.running.filter((other) => other !== id), unread });
}

export function markRead(id: string): void {
  const now = marks.get();
  if (now.unread.includes(id)) save({ ...now, unread: now.unread.filter((other) => other !== id) });
}

export function forgetMarks(id: string): void {
  const now = marks.get();
  save({ running: now.running.filter((other) => other !== id), unread: now.unread.filter((other) => other !== id) });
}

/** Takes over the marks that another tab has changed. */
export function watchMarks(): void {
  addEventListener("storage", (event) => {
    if (event.key === "parley.marks") marks.set(readJson<Marks>(browserStore, "marks", { running: [], unread: [] }));
  });
}
