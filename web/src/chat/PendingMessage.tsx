import type { ReactNode } from "react";
import { stop } from "../store/send";
import type { Pending } from "../store/thread";
import { strings } from "../strings";
import { Waiting } from "./Waiting";

/** A message that is being sent, with a placeholder for its answer. */
export function PendingMessage({ pending, conversationId }: { pending: Pending; conversationId: string | null }): ReactNode {
  const { outgoing, waiting } = pending;
  return (
    <>
      {outgoing ? (
        <article className="message user" data-testid="message" data-role="user" data-status="sending">
          <h2 className="visually-hidden">{strings.you}</h2>
          <div className="bubble">{outgoing.text}</div>
          {waiting ? (
            <p className="message-note" role="status">
              {strings.waitingToSend}{" "}
              <button type="button" className="link-button" onClick={() => stop(conversationId)}>
                {strings.cancel}
              </button>
            </p>
          ) : null}
        </article>
      ) : null}
      {waiting && outgoing ? null : (
        <article className="message assistant" data-testid="message" data-role="assistant" data-status="pending">
          <h2 className="visually-hidden">{strings.assistant}</h2>
          <Waiting label={strings.connecting} />
        </article>
      )}
    </>
  );
}
