import type { ReactNode } from "react";
import type { Conversation } from "../api/types";
import { strings } from "../strings";
import { Dialog } from "../ui/Dialog";

type Props = { conversation: Conversation | null; onClose: () => void; onDelete: (id: string) => void };

export function DeleteDialog({ conversation, onClose, onDelete }: Props): ReactNode {
  return (
    <Dialog open={conversation !== null} onClose={onClose} title={strings.deleteTitle}>
      <p>{strings.deleteText(conversation?.title ?? "")}</p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {strings.cancel}
        </button>
        <button
          type="button"
          className="button danger"
          data-testid="confirm-delete"
          onClick={() => {
            if (conversation) onDelete(conversation.id);
            onClose();
          }}
        >
          {strings.delete}
        </button>
      </div>
    </Dialog>
  );
}
