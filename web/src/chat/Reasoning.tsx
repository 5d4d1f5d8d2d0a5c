import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Markdown } from "../markdown/Markdown";
import { strings } from "../strings";

export function Reasoning({ text, growing }: { text: string; growing: boolean }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <details className="fold reasoning" data-testid="reasoning" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <ChevronRight aria-hidden />
        <span className={growing ? "shimmer" : undefined}>{growing ? strings.thinkingNow : strings.thought}</span>
      </summary>
      {open ? (
        <div className="fold-body">
          <Markdown text={text} streaming={growing} />
        </div>
      ) : null}
    </details>
  );
}
