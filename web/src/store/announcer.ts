import { Cell } from "../lib/cell";

/** What a screen reader is told: beginnings, ends and trouble, never the tokens between them. */
export const announcement = new Cell("");

let clearing: ReturnType<typeof setTimeout> | undefined;

export function announce(sentence: string): void {
  // An unchanged live region is not read again.
  announcement.set(announcement.get() === sentence ? `${sentence}\u00a0` : sentence);
  clearTimeout(clearing);
  clearing = setTimeout(() => announcement.set(""), 4000);
}
