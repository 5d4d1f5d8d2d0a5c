const known = new Map<string, string>([
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&#39;", "'"],
  ["&nbsp;", "\u00a0"],
]);

/** Character references as the characters that they stand for. The browser knows all of them; only a whole reference reaches it. */
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
