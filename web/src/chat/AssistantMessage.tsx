import { memo, type ReactNode, useState } from "react";
import type { Message } from "../api/types";
import { Cell, useCell } from "../lib/cell";
import { type AnswerView, logOf } from "../store/answers";
import { modelName, models } from "../store/models";
import { answerOfMessage, clampParts } from "../streaming/answer";
import { strings } from "../strings";
import { AnswerParts } from "./AnswerParts";
import { AnswerStatus } from "./AnswerStatus";
import { MessageActions } from "./MessageActions";
import { Waiting } from "./Waiting";

const withoutLog = new WeakMap<Message, Cell<AnswerView>>();

/** The state of an answer is that of its log. A message that no model wrote has no log and never changes. */
function viewOf(message: Message): Cell<AnswerView> {
  const log = logOf(message);
  if (log) return log.view;
  let view = withoutLog.get(message);
  if (!view) {
    view = new Cell<AnswerView>({ answer: answerOfMessage(message), stoppingAt: null, gone: false });
    withoutLog.set(message, view);
  }
  return view;
}

export const AssistantMessage = memo(function AssistantMessage({ message }: { message: Message }): ReactNode {
  const { answer, stoppingAt, gone } = useCell(viewOf(message));
  const name = modelName(useCell(models), message.model);
  const [whole, setWhole] = useState(false);
  const end = stoppingAt ?? answer.stoppedAt;
  const shown = end === null ? answer.parts : clampParts(answer.parts, end);
  const more = stoppingAt === null && end !== null && (answer.parts.length > shown.length || answer.parts.at(-1) !== shown.at(-1));
  const parts = whole && more ? answer.parts : shown;
  const running = answer.status === "running" && !gone;
  return (
    <article
      className="message assistant"
      data-testid="message"
      data-role="assistant"
      data-status={answer.status}
      data-message-id={message.id}
      data-position={answer.position}
      aria-busy={running}
    >
      <h2 className="message-name">
        <span className="visually-hidden">{strings.assistant}: </span>
        {name || strings.assistant}
      </h2>
      <AnswerParts parts={parts} running={running && stoppingAt === null} />
      {running && parts.length === 0 ? <Waiting label={answer.asked ? strings.thinking : strings.connecting} /> : null}
      {running ? null : (
        <>
          <AnswerStatus
            answer={answer}
            gone={gone}
            empty={parts.length === 0}
            more={more}
            whole={whole}
            onToggleWhole={() => setWhole(!whole)}
          />
          <MessageActions message={message} answer={answer} parts={parts} />
        </>
      )}
    </article>
  );
});
