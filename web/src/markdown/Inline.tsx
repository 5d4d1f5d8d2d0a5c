import type { Token, Tokens } from "marked";
import type { ReactNode } from "react";
import { strings } from "../strings";
import { decodeEntities } from "./entities";
import type { MathToken } from "./lexer";
import { MathView } from "./MathView";
import { safeHref } from "./safeHref";

export function inline(tokens: readonly Token[] | undefined): ReactNode[] {
  return (tokens ?? []).map((token, index) => inlineOne(token as Tokens.Generic, index));
}

function inlineOne(token: Tokens.Generic, key: number): ReactNode {
  switch (token.type) {
    case "text":
      return token.tokens ? <span key={key}>{inline(token.tokens)}</span> : decodeEntities(token["text"] as string);
    case "escape":
      return token["text"] as string;
    case "strong":
      return <strong key={key}>{inline(token.tokens)}</strong>;
    case "em":
      return <em key={key}>{inline(token.tokens)}</em>;
    case "del":
      return <del key={key}>{inline(token.tokens)}</del>;
    case "codespan":
      return <code key={key}>{token["text"] as string}</code>;
    case "br":
      return <br key={key} />;
    case "checkbox":
      return null;
    case "math": {
      const { text, raw, display } = token as unknown as MathToken;
      return <MathView key={key} text={text} raw={raw} display={display} />;
    }
    case "link":
      return link(token["href"] as string, inline(token.tokens), key);
    // Loading an image would send a request that the model chose, so it is shown as a link.
    case "image":
      return link(token["href"] as string, strings.imageLink((token["text"] as string) || (token["href"] as string)), key);
    case "html":
      return /^<br\s*\/?>$/i.test(token.raw) ? <br key={key} /> : token.raw;
    default:
      return token.raw;
  }
}

function link(href: string, children: ReactNode, key: number): ReactNode {
  const safe = safeHref(decodeEntities(href));
  if (!safe) return <span key={key}>{children}</span>;
  return (
    <a key={key} href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
