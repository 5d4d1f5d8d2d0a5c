import { memo, type ReactNode, useMemo } from "react";
import type { Part } from "../api/types";
import { Markdown } from "../markdown/Markdown";
import { Reasoning } from "./Reasoning";
import { segmentsOf } from "./segments";
import { ToolCall } from "./ToolCall";

type Props = { parts: readonly Part[]; running: boolean };

export const AnswerParts = memo(function AnswerParts({ parts, running }: Props): ReactNode {
  const segments = useMemo(() => segmentsOf(parts), [parts]);
  return segments.map((segment, index) => {
    const growing = running && index === segments.length - 1;
    switch (segment.kind) {
      case "text":
        return (
          <div key={segment.key} className={growing ? "answer-text growing" : "answer-text"} data-testid="answer-text">
            <Markdown text={segment.text} streaming={growing} seams={segment.seams} />
          </div>
        );
      case "reasoning":
        return <Reasoning key={segment.key} text={segment.text} growing={growing} />;
      default:
        return <ToolCall key={segment.key} tool={segment.tool} running={running} />;
    }
  });
});
