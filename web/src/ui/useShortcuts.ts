import { useEffect, useRef } from "react";
import { navigate } from "../lib/router";

type Actions = { openDrawer: () => void; openHelp: () => void };

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function focusComposer(): void {
  document.getElementById("composer")?.focus();
}

export function useShortcuts(actions: Actions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const command = event.ctrlKey || event.metaKey;
      if (command && event.shiftKey && event.key.toLowerCase() === "o") {
        event.preventDefault();
        navigate(null);
        requestAnimationFrame(focusComposer);
      } else if (command && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        latest.current.openDrawer();
        requestAnimationFrame(() => document.getElementById("filter")?.focus());
      } else if (command && event.key === ".") {
        event.preventDefault();
        document.querySelector<HTMLButtonElement>('[data-testid="stop"]')?.click();
      } else if (event.key === "?" && !typing(event.target)) latest.current.openHelp();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
