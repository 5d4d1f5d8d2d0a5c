/**
 * Closes unfinished markdown at the end of a growing text, for display only: emphasis is rendered from its first letter on, and the address of
 * an unfinished link is hidden.
 */
export function mend(raw: string): string {
  const start = Math.max(raw.lastIndexOf("\n\n") + 2, raw.search(/\n(?=[ \t]*(?:[-*+]|\d+[.)])[ \t][^\n]*$)/) + 1, 0);
  const head = raw.slice(0, start === 1 ? 0 : start);
  let line = raw.slice(head.length);
  if (/^\s*(?:`{3,}|~{3,})/.test(line)) return raw;
  const ticks = line.match(/(?<!\\)`+/g) ?? [];
  if (ticks.length % 2 === 1) {
    const open = ticks.at(-1) ?? "`";
    return line.endsWith(open) ? head + line.slice(0, -open.length) : head + line + open;
  }
  line = line.replace(/!?\[([^\]\n]*)\]\([^)\n]*$/, "$1").replace(/(?<![*\\\w])(?:\*{1,3}|~~)$/, "");
  const prose = line.replace(/(`+)[^`]*\1/g, "").replace(/^\s*[*+-]\s/gm, "");
  let close = "";
  const strong = prose.match(/(?<!\\)\*\*/g)?.length ?? 0;
  const single = prose.replace(/\*\*/g, "").match(/(?<!\\)\*(?=\S)|(?<=\S)\*/g)?.length ?? 0;
  const struck = prose.match(/(?<!\\)~~/g)?.length ?? 0;
  if (single % 2 === 1) {
    if (/(?<!\*)\*\*[^*]+\*$/.test(line)) return `${head}${line}*`;
    close += "*";
  }
  if (strong % 2 === 1) close += "**";
  if (struck % 2 === 1) close += "~~";
  if (!close) return head + line;
  // A mark after a space does not close.
  const text = line.trimEnd();
  return head + text + close;
}
