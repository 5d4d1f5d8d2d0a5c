import { memo, type ReactNode } from "react";
import { strings } from "../strings";
import { CopyButton } from "../ui/CopyButton";
import { groupsOf } from "./codeGroups";
import { type Highlighted, useHighlight } from "./useHighlight";

type Props = { code: string; lang: string; settled: boolean };

export const CodeBlock = memo(function CodeBlock({ code, lang, settled }: Props) {
  const name = lang.split(/[\s{,:]/)[0] ?? "";
  const highlighted = useHighlight(code, name.toLowerCase(), settled);
  return (
    <figure className="code">
      <figcaption>
        <span>{name || strings.code}</span>
        <CopyButton text={() => code} label={strings.copyCode} small />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable areas must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>
          {groupsOf(code).map((source, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: groups of lines are only appended
            <Group key={index} source={source} highlighted={highlighted[index]} />
          ))}
        </code>
      </pre>
    </figure>
  );
});

const Group = memo(function Group({ source, highlighted }: { source: string; highlighted: Highlighted | undefined }): ReactNode {
  // Text that is newer than the highlighting is appended without colours.
  if (!highlighted || !source.startsWith(highlighted.source)) return <span className="code-group">{source}</span>;
  const spans = JSON.parse(highlighted.spans) as string[];
  const nodes: ReactNode[] = [];
  for (let i = 0; i < spans.length; i += 2) {
    const className = spans[i];
    const text = spans[i + 1];
    nodes.push(
      className ? (
        <span
          key={i}
          className={className
            .split(" ")
            .map((name) => `hl-${name.replace(/_$/, "")}`)
            .join(" ")}
        >
          {text}
        </span>
      ) : (
        text
      ),
    );
  }
  return (
    <span className="code-group">
      {nodes}
      {source.slice(highlighted.source.length)}
    </span>
  );
});
