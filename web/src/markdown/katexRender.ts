import katex from "katex";
import "katex/dist/katex.min.css";

const limit = 500;
const made = new Map<string, string | null>();

/** Markup for a formula, or null where it is none. */
export function renderMath(text: string, display: boolean): string | null {
  const key = `${display ? "d" : "i"}${text}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  let html: string | null = null;
  try {
    html = katex.renderToString(text, {
      displayMode: display,
      trust: false,
      strict: "ignore",
      maxExpand: 200,
      maxSize: 40,
      throwOnError: true,
    });
  } catch {
    html = null;
  }
  if (made.size >= limit) made.clear();
  made.set(key, html);
  return html;
}
