const known = new Map<string, string>([
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&#39;", "'"],
  ["&nbsp;", "\u00a0"],
]);

/** Decodes character references. The browser decodes the rare ones, and is given one complete reference at a time. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,31});/g, (reference) => {
    let character = known.get(reference);
    if (character === undefined && typeof DOMParser === "function") {
      character = new DOMParser().parseFromString(reference, "text/html").documentElement.textContent ?? reference;
      known.set(reference, character);
    }
    return character ?? reference;
  });
}
