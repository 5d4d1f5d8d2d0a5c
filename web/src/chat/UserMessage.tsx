import { memo } from "react";
import type { Message } from "../api/types";
import { strings } from "../strings";
import { CopyButton } from "../ui/CopyButton";
import { longTime, shortTime } from "../ui/time";

export const UserMessage = memo(function UserMessage({ message }: { message: Message }) {
  const system = message.role === "system";
  return (
    <article
      className={system ? "message system" : "message user"}
      data-testid="message"
      data-role={message.role}
      data-status={message.status}
      data-message-id={message.id}
      data-position={message.position ?? 0}
    >
      <h2 className="visually-hidden">{system ? strings.system : strings.you}</h2>
      <div className="bubble">{message.content}</div>
      <div className="message-foot">
        <time dateTime={message.createdAt} title={longTime(message.createdAt)}>
          {shortTime(message.createdAt)}
        </time>
        <CopyButton text={() => message.content} label={strings.copyMessage} small />
      </div>
    </article>
  );
});
