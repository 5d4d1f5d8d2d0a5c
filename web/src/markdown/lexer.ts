import { Lexer, Marked, type Token, type Tokens, type TokensList } from "marked";

export type MathToken = { type: "math"; raw: string; text: string; display: boolean };
export type Links = Record<string, Pick<Tokens.Link | Tokens.Image, "href" | "title">>;

const displayMath =
  /^ {0,3}(?:\$\$[ \t]*\n?((?:(?!\$\$)[^\n]|\n(?![ \t]*\n))+?)\n?[ \t]*\$\$|\\\[((?:(?!\\\])[^\n]|\n(?![ \t]*\n))+?)\\\])[ \t]*(?:\n|$)/;
const inlineMath =
  /^(?:\$\$((?:[^$\\\n]|\\.)+?)\$\$|\$(?![\s$])((?:[^$\\\n]|\\.)*?(?:[^$\\\s]|\\.))\$(?!\d)|\\\(((?:[^\\\n]|\\(?!\)))+?)\\\)|\\\[((?:[^\\\n]|\\(?!\]))+?)\\\])/;

const marked = new Marked({
  gfm: true,
  extensions: [
    {
      name: "displayMath",
      level: "block",
      start: (src) => src.match(/(?:^|\n) {0,3}(?:\$\$|\\\[)/)?.index,
      tokenizer(src) {
        const match = displayMath.exec(src);
        return match ? math(match[0], (match[1] ?? match[2] ?? "").trim(), true) : undefined;
      },
    },
    {
      name: "inlineMath",
      level: "inline",
      start: (src) => src.match(/\$|\\[([]/)?.index,
      tokenizer(src) {
        const match = inlineMath.exec(src);
        if (!match) return undefined;
        return math(
          match[0],
          (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "").trim(),
          match[1] !== undefined || match[4] !== undefined,
        );
      },
    },
  ],
});

function math(raw: string, text: string, display: boolean): MathToken {
  return { type: "math", raw, text, display };
}

/** The tokens of a piece of markdown. `links` are the reference definitions of other pieces. */
export function lex(source: string, links: Links = {}): { tokens: Token[]; links: Links } {
  const lexer = new Lexer(marked.defaults);
  Object.assign(lexer.tokens.links, links);
  const tokens: TokensList = lexer.lex(source);
  return { tokens: [...tokens], links: tokens.links };
}
