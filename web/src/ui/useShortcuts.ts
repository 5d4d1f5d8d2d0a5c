import { useEffect, useRef } from "react";
import { navigate } from "../lib/router";

type Actions = { openDrawer: () => void; openHelp: () => void; stop: () => void };
type Shortcut = "newChat" | "search" | "stop" | "help";

export function focusComposer(): void {
  document.getElementById("composer")?.focus();
}

export function shortcutOf(event: KeyboardEvent): Shortcut | null {
  const command = event.ctrlKey || event.metaKey;
  if (command && event.shiftKey && event.key.toLowerCase() === "o") return "newChat";
  if (command && !event.shiftKey && event.key.toLowerCase() === "k") return "search";
  if (command && event.key === ".") return "stop";
  return event.key === "?" && !isTextField(event.target) ? "help" : null;
}

function isTextField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function useShortcuts(actions: Actions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const shortcut = shortcutOf(event);
      if (shortcut && shortcut !== "help") event.preventDefault();
      const { openDrawer, openHelp, stop } = latest.current;
      if (shortcut === "newChat") {
        navigate(null);
        requestAnimationFrame(focusComposer);
      } else if (shortcut === "search") {
        openDrawer();
        requestAnimationFrame(() => document.getElementById("filter")?.focus());
      } else if (shortcut === "stop") stop();
      else if (shortcut === "help") openHelp();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
