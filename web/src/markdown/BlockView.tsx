import type { Token, Tokens } from "marked";
import { memo, type ReactNode } from "react";
import { strings } from "../strings";
import { CodeBlock } from "./CodeBlock";
import { inline } from "./Inline";
import type { MathToken } from "./lexer";
import { MathView } from "./MathView";
import { TableView } from "./TableView";

type Props = { token: Token; settled: boolean; seam: string | undefined };

/** One block of an answer. It renders again only when its token changes. */
export const BlockView = memo(function BlockView({ token, settled, seam }: Props) {
  return (
    <div className="block">
      {seam === undefined ? null : (
        <span className="seam" title={seam} role="note" data-testid="seam">
          <span className="visually-hidden">{seam}</span>
        </span>
      )}
      {blockContent(token, settled)}
    </div>
  );
});

export function blockContent(token: Token, settled: boolean): ReactNode {
  const generic = token as Tokens.Generic;
  switch (token.type) {
    case "paragraph":
      return <p>{inline(generic.tokens)}</p>;
    case "heading":
      return heading(token as Tokens.Heading);
    case "code":
      return <CodeBlock code={(token as Tokens.Code).text} lang={(token as Tokens.Code).lang ?? ""} settled={settled} />;
    case "list":
      return list(token as Tokens.List, settled);
    case "blockquote":
      return <blockquote>{blocksOf(generic.tokens ?? [], settled)}</blockquote>;
    case "table":
      return <TableView table={token as Tokens.Table} settled={settled} />;
    case "hr":
      return <hr />;
    case "math": {
      const { text, raw, display } = token as unknown as MathToken;
      return <MathView text={text} raw={raw} display={display} />;
    }
    case "html":
      return <p className="raw-html">{token.raw.trimEnd()}</p>;
    case "text":
      return generic.tokens ? inline(generic.tokens) : (generic["text"] as string);
    case "space":
    case "def":
    case "checkbox":
      return null;
    default:
      return <p>{token.raw}</p>;
  }
}

function blocksOf(tokens: readonly Token[], settled: boolean): ReactNode[] {
  // biome-ignore lint/suspicious/noArrayIndexKey: blocks are only appended
  return tokens.map((token, index) => <Child key={index} token={token} settled={settled} />);
}

function Child({ token, settled }: { token: Token; settled: boolean }): ReactNode {
  return blockContent(token, settled);
}

// The page itself uses h1 and h2.
const levels = ["h3", "h3", "h4", "h5", "h6", "h6"] as const;

function heading(token: Tokens.Heading): ReactNode {
  const Level = levels[token.depth - 1] ?? "h6";
  return <Level className={`md-h${token.depth}`}>{inline(token.tokens)}</Level>;
}

function list(token: Tokens.List, settled: boolean): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: items are only appended
  const items = token.items.map((item, index) => <Item key={index} item={item} settled={settled} />);
  if (!token.ordered) return <ul>{items}</ul>;
  return <ol start={typeof token.start === "number" && token.start !== 1 ? token.start : undefined}>{items}</ol>;
}

const Item = memo(
  function Item({ item, settled }: { item: Tokens.ListItem; settled: boolean }) {
    return (
      <li className={item.task ? "task" : undefined}>
        {item.task ? (
          <input type="checkbox" checked={item.checked ?? false} disabled aria-label={item.checked ? strings.taskDone : strings.taskOpen} />
        ) : null}
        {blocksOf(item.tokens, settled)}
      </li>
    );
  },
  // A growing list is parsed again in each frame: all its tokens are new, but only the text of the last item differs.
  (before, after) => !after.settled && before.item.raw === after.item.raw && before.item.loose === after.item.loose,
);
