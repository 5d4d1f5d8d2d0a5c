import { Cell } from "../lib/cell";

/** The text for screen readers: starts, ends and problems, not tokens. */
export const announcement = new Cell("");

let clearing: ReturnType<typeof setTimeout> | undefined;

export function announce(sentence: string): void {
  // Screen readers do not read an unchanged live region again.
  announcement.set(announcement.get() === sentence ? `${sentence}\u00a0` : sentence);
  clearTimeout(clearing);
  clearing = setTimeout(() => announcement.set(""), 4000);
}
