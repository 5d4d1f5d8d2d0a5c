/** Number of lines of code that are rendered, highlighted and laid out together. */
export const groupLines = 32;

export function groupsOf(code: string): string[] {
  const groups: string[] = [];
  let start = 0;
  let lines = 0;
  for (let end = code.indexOf("\n"); end >= 0; end = code.indexOf("\n", end + 1)) {
    if (++lines % groupLines !== 0) continue;
    groups.push(code.slice(start, end + 1));
    start = end + 1;
  }
  if (start < code.length) groups.push(code.slice(start));
  return groups;
}

/** Class and text alternate: `["keyword", "let", "", " a = "]`. */
export type Spans = readonly string[];

/** Converts the markup of highlight.js (spans and five character references only) to spans, in the groups of the source. */
export function spansByGroup(html: string): Spans[] {
  const groups: string[][] = [];
  let current: string[] = [];
  let lines = 0;
  const classes: string[] = [];
  const add = (text: string): void => {
    if (text) current.push(classes.at(-1) ?? "", text);
  };
  for (const [piece] of html.matchAll(/<span class="[^"]*">|<\/span>|[^<]+/g)) {
    if (piece === "</span>") classes.pop();
    else if (piece.startsWith("<")) classes.push(piece.slice(13, -2).replaceAll("hljs-", "").trim() || (classes.at(-1) ?? ""));
    else {
      const text = decode(piece);
      let from = 0;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) {
        if (++lines % groupLines !== 0) continue;
        add(text.slice(from, end + 1));
        groups.push(current);
        current = [];
        from = end + 1;
      }
      add(text.slice(from));
    }
  }
  if (current.length > 0) groups.push(current);
  return groups;
}

const references: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&amp;": "&" };

function decode(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#x27|amp);/g, (reference) => references[reference] ?? reference);
}
