import type { Conversation } from "../api/types";
import { Cell } from "../lib/cell";
import { browserStore, readJson } from "../lib/storage";

type Marks = { running: readonly string[]; unread: readonly string[] };

/** Which conversations were answered while nobody looked. Kept in the browser, so that it also holds for answers that ended while it was closed. */
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

/** Another tab has read or seen something. */
export function watchMarks(): void {
  addEventListener("storage", (event) => {
    if (event.key === "parley.marks") marks.set(readJson<Marks>(browserStore, "marks", { running: [], unread: [] }));
  });
}
