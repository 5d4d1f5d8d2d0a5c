import type { Token, Tokens } from "marked";
import { type Links, lex } from "./lexer";

/** A top-level block of markdown. Its `start` never changes and identifies it. */
export type Block = { start: number; raw: string; token: Token; settled: boolean };

/** A shorter line may still become a list item, which would belong to the list before it. */
const certainLine = 16;
const fence = /^( {0,3})(`{3,}|~{3,})([^\n]*)\n/;

/**
 * Splits growing markdown into blocks. Blocks that further text cannot change are settled and not parsed again: the cost of an append depends
 * on the unsettled tail, not on the length of the text.
 */
export class BlockSplitter {
  private settled: Block[] = [];
  private tail = "";
  private tailStart = 0;
  private links: Links = {};
  private heldCarriageReturn = false;
  private openFence: { end: RegExp; scanned: number; header: number; lang: string } | null = null;

  get length(): number {
    return this.tailStart + this.tail.length;
  }

  append(delta: string): void {
    let text = this.heldCarriageReturn ? `\r${delta}` : delta;
    this.heldCarriageReturn = text.endsWith("\r");
    if (this.heldCarriageReturn) text = text.slice(0, -1);
    if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
    this.tail += text;
  }

  /** All blocks so far. Settled ones are the same objects in every call. `complete`: the text has ended. */
  blocks(complete = false): Block[] {
    const open = this.readOpenFence();
    if (open) return [...this.settled, open];
    const { tokens, links } = lex(this.tail, this.links);
    const pending = this.settle(tokens);
    if (complete) this.learn(links);
    const head = pending[0];
    if (pending.length === 1 && head?.token.type === "code") this.openFence = openFenceOf(head.raw);
    return [...this.settled, ...pending];
  }

  private settle(tokens: readonly Token[]): Block[] {
    let start = this.tailStart;
    const blocks = tokens.map((token): Block => {
      const block = { start, raw: token.raw, token, settled: false };
      start += token.raw.length;
      return block;
    });
    let end = 0;
    for (let i = 0; i + 1 < blocks.length; i++) {
      const next = blocks.slice(i + 1).find((block) => block.token.type !== "space");
      if (next && certain(next.raw) && isApart(blocks, i)) end = i + 1;
    }
    const settled = blocks.slice(0, end).filter((block) => block.token.type !== "space");
    for (const block of settled) this.settled.push({ ...block, settled: true });
    const definitions = settled.flatMap(({ token }) => (token.type === "def" ? [token as Tokens.Def] : []));
    if (definitions.length > 0) this.learn(Object.fromEntries(definitions.map(({ tag, href, title }) => [tag, { href, title }])));
    const rest = blocks.slice(end);
    const consumed = (rest[0]?.start ?? start) - this.tailStart;
    this.tailStart += consumed;
    this.tail = this.tail.slice(consumed);
    return rest.filter((block) => block.token.type !== "space");
  }

  /** An open code block may be very long, so its new lines are only searched for the closing fence. */
  private readOpenFence(): Block | null {
    const open = this.openFence;
    if (!open) return null;
    for (;;) {
      const lineEnd = this.tail.indexOf("\n", open.scanned);
      const line = this.tail.slice(open.scanned, lineEnd < 0 ? undefined : lineEnd);
      if (open.end.test(line)) {
        // A closing fence, perhaps incomplete: the lexer decides.
        this.openFence = null;
        return null;
      }
      if (lineEnd < 0) break;
      open.scanned = lineEnd + 1;
    }
    const text = this.tail.slice(open.header).replace(/\n$/, "");
    const token = { type: "code", raw: this.tail, lang: open.lang, text };
    return { start: this.tailStart, raw: this.tail, token, settled: false };
  }

  /** A definition may follow its uses: settled blocks that may use it are parsed again. */
  private learn(links: Links): void {
    const fresh = Object.keys(links).filter((label) => !this.links[label]);
    if (fresh.length === 0) return;
    this.links = { ...links, ...this.links };
    this.settled = this.settled.map((block) => {
      const raw = block.raw.toLowerCase().replace(/\s+/g, " ");
      if (!fresh.some((label) => raw.includes(`[${label}]`))) return block;
      const token = lex(block.raw, this.links).tokens.find((candidate) => candidate.type !== "space");
      return token ? { ...block, token } : block;
    });
  }
}

function certain(raw: string): boolean {
  return raw.includes("\n") || raw.trimStart().length >= certainLine;
}

/** Whether no following text can belong to the block: a blank line follows, or the block has an explicit end. */
function isApart(blocks: readonly Block[], index: number): boolean {
  const block = blocks[index];
  if (!block) return false;
  const { type } = block.token;
  if (type === "space") return index === 0 || isApart(blocks, index - 1);
  if (type === "heading") return /^ {0,3}#/.test(block.raw);
  if (type === "hr") return true;
  if (type === "code" && fence.test(block.raw)) return true;
  return /\n[ \t]*\n/.test(block.raw.slice(-200) + (blocks[index + 1]?.token.type === "space" ? (blocks[index + 1]?.raw ?? "") : ""));
}

function openFenceOf(raw: string): BlockSplitter["openFence"] {
  const match = fence.exec(raw);
  if (!match) return null;
  const marker = match[2] ?? "";
  const info = match[3] ?? "";
  // The lexer removes the indent of an indented fence from its lines.
  if (match[1] || (marker.startsWith("`") && info.includes("`"))) return null;
  const end = new RegExp(`^ {0,3}${marker[0]}{1,}[ \\t]*$`);
  if (
    raw
      .slice(match[0].length)
      .split("\n")
      .some((line) => end.test(line))
  )
    return null;
  const lang = info.trim().replace(/\\([!-/:-@[-`{-~])/g, "$1");
  return { end, scanned: match[0].length, header: match[0].length, lang };
}
