import { memo, type ReactNode, useEffect, useRef, useState } from "react";
import { enqueue, mayRenderNow } from "../lib/frameQueue";
import { BlockView } from "./BlockView";
import { type Block, BlockSplitter } from "./blocks";
import { lex } from "./lexer";
import { mend } from "./mend";

export type Seam = { offset: number; label: string };
type Props = { text: string; streaming: boolean; seams?: readonly Seam[] };

/** Maximum number of characters that are parsed and rendered in one frame. */
const maxStep = 5_000;
const noSeams: readonly Seam[] = [];

/** Number of blocks that the browser lays out, or skips off-screen, together. */
const groupSize = 16;

/** Markdown that may still be growing. The cost of an append does not depend on the length of the text. */
export const Markdown = memo(function Markdown({ text, streaming, seams = noSeams }: Props): ReactNode {
  const blocks = useBlocks(text, streaming);
  const groups: ReactNode[] = [];
  for (let start = 0; start < blocks.length; start += groupSize) {
    const own = blocks.slice(start, start + groupSize);
    const last = start + groupSize >= blocks.length;
    groups.push(<Group key={start} blocks={own} from={endOf(blocks[start - 1])} last={last} seams={seams} />);
  }
  return groups;
});

type GroupProps = { blocks: readonly Block[]; from: number; last: boolean; seams: readonly Seam[] };

const Group = memo(
  function Group({ blocks, from, last, seams }: GroupProps) {
    const frozen = blocks.length === groupSize && blocks.every((block) => block.settled);
    // An estimated size keeps the scrollbar stable until the browser has laid out the group.
    const style = frozen
      ? { containIntrinsicBlockSize: `auto ${blocks.reduce((sum, block) => sum + estimate(block.raw), 0)}px` }
      : undefined;
    return (
      <div className={frozen ? "group frozen" : "group"} style={style}>
        {blocks.map((block, index) => {
          const before = index === 0 ? from : endOf(blocks[index - 1]);
          const end = last && index === blocks.length - 1 ? Infinity : endOf(block);
          return <BlockView key={block.start} token={block.token} settled={block.settled} seam={seamIn(seams, before, end)} />;
        })}
      </div>
    );
  },
  (before, after) =>
    before.last === after.last &&
    before.from === after.from &&
    sameSeams(before.seams, after.seams) &&
    before.blocks.length === after.blocks.length &&
    before.blocks.every((block, index) => block === after.blocks[index]),
);

function estimate(raw: string): number {
  const lines = raw.split("\n").reduce((count, line) => count + 1 + Math.floor(line.length / 85), 0);
  return Math.max(44, lines * 26 + 16);
}

function sameSeams(before: readonly Seam[], after: readonly Seam[]): boolean {
  return before.length === after.length && before.every(({ offset }, index) => offset === after[index]?.offset);
}

const endOf = (block: Block | undefined): number => (block ? block.start + block.raw.length : 0);

/** A seam between two blocks is shown with the second. */
function seamIn(seams: readonly Seam[], from: number, to: number): string | undefined {
  return seams.find(({ offset }) => offset >= from && offset < to)?.label;
}

type Reading = { splitter: BlockSplitter; source: string; blocks: readonly Block[]; complete: boolean; restUntil: number };

const begin = (): Reading => ({ splitter: new BlockSplitter(), source: "", blocks: [], complete: false, restUntil: 0 });

function useBlocks(text: string, streaming: boolean): readonly Block[] {
  const reading = useRef<Reading>(null);
  reading.current ??= begin();
  const [, setStep] = useState(0);
  if (reading.current.source.length > text.length || !text.startsWith(reading.current.source)) reading.current = begin();
  const now = reading.current;
  const ahead = text.length - now.source.length;
  if (ahead <= maxStep && performance.now() >= now.restUntil && mayRenderNow(ahead)) read(now, text, !streaming);
  useEffect(() => {
    if (now.source.length === text.length && now.complete === !streaming) return;
    return enqueue(() => {
      if (performance.now() < now.restUntil) return true;
      read(now, text, !streaming);
      setStep((count) => count + 1);
      return now.source.length < text.length;
    });
  }, [now, text, streaming]);
  return now.blocks;
}

function read(reading: Reading, text: string, last: boolean): void {
  const to = Math.min(text.length, reading.source.length + maxStep);
  const complete = last && to === text.length;
  if (to === reading.source.length && complete === reading.complete) return;
  const start = performance.now();
  reading.splitter.append(text.slice(reading.source.length, to));
  reading.source = text.slice(0, to);
  reading.complete = complete;
  const blocks = reading.splitter.blocks(complete);
  reading.blocks = complete ? settleAll(blocks) : mendLast(blocks);
  // A long list or table is parsed as a whole: the longer that takes, the longer the pause.
  const cost = performance.now() - start;
  reading.restUntil = cost > 4 && !complete ? performance.now() + cost * 6 : 0;
}

function settleAll(blocks: Block[]): Block[] {
  return blocks.map((block) => (block.settled ? block : { ...block, settled: true }));
}

function mendLast(blocks: Block[]): Block[] {
  const last = blocks.at(-1);
  if (!last || last.settled || last.token.type === "code" || last.token.type === "math" || last.raw.length > 4_000) return blocks;
  const mended = mend(last.raw);
  if (mended === last.raw) return blocks;
  const token = lex(mended).tokens.find((candidate) => candidate.type !== "space");
  return token ? [...blocks.slice(0, -1), { ...last, token }] : blocks;
}
