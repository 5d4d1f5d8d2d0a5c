export type SseEvent = { data: string; id: string | null };

/** Parses Server-Sent Events from chunks that may end anywhere: inside a character, a line ending or a field. */
export class SseParser {
  private readonly decoder = new TextDecoder();
  private readonly pieces: string[] = [];
  private data: string[] = [];
  private id: string | null = null;
  private afterCarriageReturn = false;

  push(bytes: Uint8Array): SseEvent[] {
    const events: SseEvent[] = [];
    const text = this.decoder.decode(bytes, { stream: true });
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i);
      if (this.afterCarriageReturn) {
        this.afterCarriageReturn = false;
        if (char === 10) {
          start = i + 1;
          continue;
        }
      }
      if (char !== 10 && char !== 13) continue;
      this.afterCarriageReturn = char === 13;
      this.line(this.takeLine(text.slice(start, i)), events);
      start = i + 1;
    }
    // The pieces of a long line are joined once, at its end, so that the cost stays linear.
    if (start < text.length) this.pieces.push(text.slice(start));
    return events;
  }

  private takeLine(end: string): string {
    if (this.pieces.length === 0) return end;
    this.pieces.push(end);
    return this.pieces.splice(0).join("");
  }

  private line(line: string, events: SseEvent[]): void {
    if (line === "") {
      if (this.data.length > 0) events.push({ data: this.data.join("\n"), id: this.id });
      this.data = [];
      this.id = null;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.data.push(value);
    else if (field === "id") this.id = value;
  }
}
