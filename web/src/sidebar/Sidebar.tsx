import { Keyboard, PenSquare, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { navigate } from "../lib/router";
import { strings } from "../strings";
import { ThemeToggle } from "../ui/ThemeToggle";
import { focusComposer } from "../ui/useShortcuts";
import { ConversationList } from "./ConversationList";

type Props = { open: boolean; onClose: () => void; onHelp: () => void };

export function Sidebar({ open, onClose, onHelp }: Props): ReactNode {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!open || !matchMedia("(max-width: 55rem)").matches) return;
    const before = document.activeElement;
    panel.current?.querySelector<HTMLElement>("a, button")?.focus();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") onClose();
    };
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("keydown", onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open, onClose]);
  return (
    <>
      <nav ref={panel} className={open ? "sidebar open" : "sidebar"} aria-label={strings.conversations}>
        <div className="sidebar-head">
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span className="brand">{strings.app}</span>
          <button type="button" className="icon-button only-narrow" aria-label={strings.closeList} onClick={onClose}>
            <X aria-hidden />
          </button>
        </div>
        <a
          className="new-chat"
          href="/"
          data-testid="new-chat"
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            navigate(null);
            onClose();
            requestAnimationFrame(focusComposer);
          }}
        >
          <PenSquare aria-hidden />
          {strings.newChat}
        </a>
        <ConversationList onChosen={onClose} />
        <div className="sidebar-foot">
          <ThemeToggle />
          <button type="button" className="icon-button" aria-label={strings.help} title={strings.help} onClick={onHelp}>
            <Keyboard aria-hidden />
          </button>
        </div>
      </nav>
      {open ? <button type="button" className="scrim" aria-label={strings.closeList} tabIndex={-1} onClick={onClose} /> : null}
    </>
  );
}
