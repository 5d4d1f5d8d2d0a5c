import { useEffect, useRef, useState } from "react";
import { enqueue } from "../lib/frameQueue";
import { groupsOf } from "./codeGroups";
import { highlight, newHighlightId } from "./highlighter";

export type Highlighted = { source: string; spans: string };

const limit = 200_000;
const perFrame = 4;

/** The highlighted groups of a code block that may still grow. They stay highlighted while newer text is processed. */
export function useHighlight(code: string, lang: string, settled: boolean): readonly (Highlighted | undefined)[] {
  const [groups, setGroups] = useState<readonly (Highlighted | undefined)[]>([]);
  const latest = useRef({ code, settled });
  latest.current = { code, settled };
  const wake = useRef<() => void>(() => undefined);

  useEffect(() => {
    if (!lang) return;
    const id = newHighlightId();
    let left = false;
    let busy = false;
    let shown = "";
    let final = false;
    const arrived = new Map<number, Highlighted>();
    let cancel: () => void = () => undefined;
    const run = async (): Promise<void> => {
      const now = latest.current;
      if (busy || left || final || (now.code === shown && !now.settled) || now.code.length > limit) return;
      busy = true;
      const start = performance.now();
      const changed = await highlight({ id, code: now.code, lang, final: now.settled });
      if (left) return;
      shown = now.code;
      final = now.settled;
      const sources = groupsOf(now.code);
      for (const [index, spans] of changed) arrived.set(index, { source: sources[index] ?? "", spans });
      cancel();
      cancel = enqueue(show);
      // The pause grows with the time that highlighting takes.
      setTimeout(
        () => {
          busy = false;
          void run();
        },
        Math.max(120, (performance.now() - start) * 3),
      );
    };
    const show = (): boolean => {
      const part = [...arrived].slice(0, perFrame);
      for (const [index] of part) arrived.delete(index);
      if (part.length > 0)
        setGroups((before) => {
          const after = [...before];
          for (const [index, group] of part) after[index] = group;
          return after;
        });
      return arrived.size > 0;
    };
    wake.current = () => void run();
    void run();
    return () => {
      left = true;
      cancel();
    };
  }, [lang]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs on every change of these
  useEffect(() => wake.current(), [code, settled]);
  return groups;
}
