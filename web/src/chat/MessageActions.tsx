import { ChevronLeft, ChevronRight, Play, RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import type { Message, Part } from "../api/types";
import { useCell } from "../lib/cell";
import { chosenModel, models } from "../store/models";
import { selectVersion } from "../store/openThread";
import { continueAnswer, retryAnswer } from "../store/send";
import { type Answer, plainText } from "../streaming/answer";
import { strings } from "../strings";
import { CopyButton } from "../ui/CopyButton";
import { longTime, shortTime } from "../ui/time";

type Props = { message: Message; answer: Answer; parts: readonly Part[] };

export function MessageActions({ message, answer, parts }: Props): ReactNode {
  const choice = useCell(chosenModel);
  const { items } = useCell(models);
  const generated = message.generationId != null;
  const early =
    answer.status === "stopped" || answer.status === "failed" || answer.status === "interrupted" || answer.finishReason === "length";
  const canContinue = generated && early && plainText(answer.parts) !== "";
  const model = items.some((item) => item.id === choice) ? choice : null;
  return (
    <div className="message-foot">
      {canContinue ? (
        <button type="button" className="button small" data-testid="continue" onClick={() => void continueAnswer(message)}>
          <Play aria-hidden />
          {strings.continue}
        </button>
      ) : null}
      {generated && early && answer.finishReason !== "length" ? (
        <button type="button" className="button small quiet" data-testid="retry" onClick={() => void retryAnswer(message, model)}>
          <RotateCcw aria-hidden />
          {strings.retry}
        </button>
      ) : null}
      <Versions message={message} />
      {parts.length > 0 ? <CopyButton text={() => plainText(parts)} label={strings.copy} small testId="copy" /> : null}
      {generated && (!early || answer.finishReason === "length") ? (
        <button
          type="button"
          className="icon-button small"
          aria-label={strings.retry}
          title={strings.retry}
          data-testid="retry"
          onClick={() => void retryAnswer(message, model)}
        >
          <RotateCcw aria-hidden />
        </button>
      ) : null}
      <time dateTime={message.createdAt} title={longTime(message.createdAt)}>
        {shortTime(message.createdAt)}
      </time>
      {answer.usage && answer.usage.outputTokens > 0 ? <span className="usage">{strings.tokens(answer.usage.outputTokens)}</span> : null}
    </div>
  );
}

function Versions({ message }: { message: Message }): ReactNode {
  const { siblings, id } = message;
  const index = siblings.indexOf(id);
  if (siblings.length < 2 || index < 0) return null;
  const step = (by: number, label: string, Icon: typeof ChevronLeft): ReactNode => {
    const target = siblings[index + by];
    return (
      <button
        type="button"
        className="icon-button small"
        aria-label={label}
        disabled={!target}
        onClick={() => target && void selectVersion(message, target)}
      >
        <Icon aria-hidden />
      </button>
    );
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <span className="versions" role="group" aria-label={strings.versions} data-testid="versions">
      {step(-1, strings.previousVersion, ChevronLeft)}
      <span title={strings.version(index + 1, siblings.length)}>
        {index + 1}/{siblings.length}
      </span>
      {step(1, strings.nextVersion, ChevronRight)}
    </span>
  );
}
