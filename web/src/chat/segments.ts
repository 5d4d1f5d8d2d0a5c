import type { Part, ToolPart } from "../api/types";
import type { Seam } from "../markdown/Markdown";
import { strings } from "../strings";

export type Segment =
  | { kind: "text"; key: number; text: string; seams: readonly Seam[] }
  | { kind: "reasoning"; key: number; text: string }
  | { kind: "tool"; key: number; tool: ToolPart };

/** Groups parts for display. The text before and after a seam is one segment, because it may continue in mid-sentence. */
export function segmentsOf(parts: readonly Part[]): Segment[] {
  const segments: Segment[] = [];
  let seams: Seam[] = [];
  for (const part of parts) {
    const last = segments.at(-1);
    switch (part.type) {
      case "seam":
        seams.push({ offset: last?.kind === "text" ? last.text.length : 0, label: strings.seam(part.reason, part.model) });
        break;
      case "tool":
        segments.push({ kind: "tool", key: part.position, tool: part });
        break;
      case "reasoning":
        if (last?.kind === "reasoning") segments[segments.length - 1] = { ...last, text: last.text + part.text };
        else segments.push({ kind: "reasoning", key: part.position, text: part.text });
        break;
      case "text":
        if (last?.kind === "text")
          segments[segments.length - 1] = { ...last, text: last.text + part.text, seams: [...last.seams, ...seams] };
        else segments.push({ kind: "text", key: part.position, text: part.text, seams: seams.map((seam) => ({ ...seam, offset: 0 })) });
        seams = [];
    }
  }
  return segments;
}
