import { type Spans, spansByGroup } from "./codeGroups";
import { hljs } from "./languages";

export type HighlightRequest = { id: number; code: string; lang: string; final: boolean };
/** The groups that changed since the last response for the block. Each is JSON, so that unchanged groups are equal strings. */
export type HighlightResponse = { id: number; groups: readonly (readonly [index: number, spans: string])[] };

const sent = new Map<number, string[]>();

addEventListener("message", ({ data }: MessageEvent<HighlightRequest>) => {
  const { id, code, lang, final } = data;
  const groups: (readonly [number, string])[] = [];
  if (hljs.getLanguage(lang)) {
    const before = sent.get(id) ?? [];
    const now = spansByGroup(hljs.highlight(code, { language: lang, ignoreIllegals: true }).value).map((spans: Spans) =>
      JSON.stringify(spans),
    );
    now.forEach((spans, index) => {
      if (spans !== before[index]) groups.push([index, spans]);
    });
    sent.set(id, now);
  }
  if (final) sent.delete(id);
  postMessage({ id, groups } satisfies HighlightResponse);
});
