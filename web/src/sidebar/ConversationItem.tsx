import { Pencil, Trash2 } from "lucide-react";
import { memo, type ReactNode, useRef, useState } from "react";
import type { Conversation } from "../api/types";
import { navigate, pathOf } from "../lib/router";
import { rename } from "../store/conversations";
import { strings } from "../strings";
import { longTime, shortTime } from "../ui/time";

type Props = {
  conversation: Conversation;
  active: boolean;
  unread: boolean;
  onChosen: () => void;
  onDelete: (conversation: Conversation) => void;
};

export const ConversationItem = memo(function ConversationItem({ conversation, active, unread, onChosen, onDelete }: Props) {
  const [editing, setEditing] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const { id, title, lastMessagePreview } = conversation;
  const running = conversation.running.length > 0;
  const time = conversation.lastMessageAt ?? conversation.createdAt;
  const done = (value: string | null): void => {
    setEditing(false);
    if (value !== null) void rename(id, value.trim().slice(0, 200));
    requestAnimationFrame(() => link.current?.focus());
  };
  return (
    <li
      className={active ? "conversation active" : "conversation"}
      data-testid="conversation-item"
      data-conversation-id={id}
      data-running={running}
    >
      {editing ? (
        <TitleField title={title} onDone={done} />
      ) : (
        <a
          ref={link}
          href={pathOf(id)}
          aria-current={active ? "page" : undefined}
          onDoubleClick={() => setEditing(true)}
          onKeyDown={(event) => {
            if (event.key === "F2") setEditing(true);
            if (event.key === "Delete") onDelete(conversation);
          }}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            navigate(id);
            onChosen();
          }}
        >
          <span className="conversation-title">{title || strings.newChat}</span>
          <State running={running} unread={unread && !active} />
          <span className="conversation-preview">{lastMessagePreview ?? ""}</span>
          <time dateTime={time} title={longTime(time)}>
            {shortTime(time)}
          </time>
        </a>
      )}
      {editing ? null : (
        <span className="conversation-actions">
          <button
            type="button"
            className="icon-button small"
            aria-label={`${strings.rename}: ${title}`}
            title={strings.rename}
            onClick={() => setEditing(true)}
          >
            <Pencil aria-hidden />
          </button>
          <button
            type="button"
            className="icon-button small"
            aria-label={`${strings.delete}: ${title}`}
            title={strings.delete}
            onClick={() => onDelete(conversation)}
          >
            <Trash2 aria-hidden />
          </button>
        </span>
      )}
    </li>
  );
});

function State({ running, unread }: { running: boolean; unread: boolean }): ReactNode {
  if (!running && !unread) return null;
  const label = running ? strings.answering : strings.unread;
  return (
    <span className={running ? "dot running" : "dot unread"} title={label}>
      <span className="visually-hidden">{label}</span>
    </span>
  );
}

function TitleField({ title, onDone }: { title: string; onDone: (value: string | null) => void }): ReactNode {
  const [value, setValue] = useState(title);
  return (
    <input
      className="title-field"
      aria-label={strings.renameLabel}
      value={value}
      maxLength={200}
      // biome-ignore lint/a11y/noAutofocus: it replaces the title that the user chose to edit
      autoFocus
      onFocus={(event) => event.target.select()}
      onChange={(event) => setValue(event.target.value)}
      onBlur={() => onDone(value)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") onDone(value);
        if (event.key === "Escape") onDone(null);
      }}
    />
  );
}
