import type { ReactNode } from "react";
import { strings } from "../strings";
import { Dialog } from "./Dialog";

export function HelpDialog({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  return (
    <Dialog open={open} onClose={onClose} title={strings.help}>
      <dl className="shortcuts">
        {strings.shortcuts.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {strings.close}
        </button>
      </div>
    </Dialog>
  );
}
