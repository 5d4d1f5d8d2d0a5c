import { ChevronRight, Wrench } from "lucide-react";
import { memo, type ReactNode } from "react";
import type { ToolPart } from "../api/types";
import { CodeBlock } from "../markdown/CodeBlock";
import { strings } from "../strings";

export const ToolCall = memo(function ToolCall({ tool, running }: { tool: ToolPart; running: boolean }): ReactNode {
  const done = tool.result !== undefined || tool.error !== undefined;
  const state = tool.error !== undefined ? strings.toolFailed : done ? strings.toolDone : running ? strings.toolRunning : "";
  return (
    <details className="fold tool" data-testid="tool">
      <summary>
        <ChevronRight aria-hidden />
        <Wrench aria-hidden />
        <code>{tool.name}</code>
        <span className={!done && running ? "shimmer muted" : "muted"}>{state}</span>
      </summary>
      <div className="fold-body">
        {tool.arguments ? (
          <>
            <h3>{strings.toolArguments}</h3>
            <CodeBlock code={pretty(tool.arguments)} lang="json" settled={done || !running} />
          </>
        ) : null}
        {tool.error !== undefined ? <p className="problem">{tool.error}</p> : null}
        {tool.result !== undefined ? (
          <>
            <h3>{strings.toolResult}</h3>
            <CodeBlock code={typeof tool.result === "string" ? tool.result : JSON.stringify(tool.result, null, 2)} lang="json" settled />
          </>
        ) : null}
      </div>
    </details>
  );
});

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
