import { CircleAlert, CirclePause } from "lucide-react";
import type { ReactNode } from "react";
import type { Answer } from "../streaming/answer";
import { strings } from "../strings";

type Props = { answer: Answer; gone: boolean; empty: boolean; more: boolean; whole: boolean; onToggleWhole: () => void };

/** Explains how an answer ended, unless it simply completed. */
export function AnswerStatus({ answer, gone, empty, more, whole, onToggleWhole }: Props): ReactNode {
  const trouble = gone || answer.status === "failed" || answer.status === "interrupted";
  const sentence = gone ? strings.goneNote : sentenceFor(answer, empty);
  if (!sentence && !more) return null;
  return (
    <div className={trouble ? "answer-status problem" : "answer-status"}>
      {trouble ? <CircleAlert aria-hidden /> : <CirclePause aria-hidden />}
      <span>{sentence}</span>
      {more ? (
        <button type="button" className="link-button" aria-expanded={whole} data-testid="show-rest" onClick={onToggleWhole}>
          {whole ? strings.hideRest : strings.showRest}
        </button>
      ) : null}
    </div>
  );
}

function sentenceFor({ status, error, finishReason }: Answer, empty: boolean): string | null {
  if (status === "stopped") return strings.stoppedNote;
  if (status === "failed" || status === "interrupted") {
    const reason = error ? error.message : status === "failed" ? strings.failedNote : null;
    return reason ?? strings.interruptedNote;
  }
  if (finishReason === "length") return strings.lengthNote;
  if (finishReason === "content-filter") return strings.filterNote;
  return empty && status === "completed" ? strings.emptyAnswer : null;
}
