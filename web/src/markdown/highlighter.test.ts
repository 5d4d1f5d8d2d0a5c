import { afterEach, beforeEach, expect, test, vi } from "vitest";

class FakeWorker extends EventTarget {
  static made: FakeWorker[] = [];
  readonly requests: unknown[] = [];

  constructor() {
    super();
    FakeWorker.made.push(this);
  }

  postMessage(request: unknown): void {
    this.requests.push(request);
  }

  answer(id: number, groups: unknown): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data: { id, groups } }));
  }
}

let highlighter: typeof import("./highlighter");
const request = (id: number) => ({ id, code: "x", lang: "ts", final: false });
const worker = (index = 0): FakeWorker => FakeWorker.made[index] as FakeWorker;

beforeEach(async () => {
  FakeWorker.made = [];
  vi.stubGlobal("Worker", FakeWorker);
  vi.resetModules();
  highlighter = await import("./highlighter");
});
afterEach(() => vi.unstubAllGlobals());

test("all blocks share one worker, which begins with the first request", async () => {
  const [first, second] = [highlighter.newHighlightId(), highlighter.newHighlightId()];
  expect(FakeWorker.made.length).toBe(0);
  const spans = [highlighter.highlight(request(first)), highlighter.highlight(request(second))];
  expect(FakeWorker.made.length).toBe(1);
  worker().answer(second, [[0, "second"]]);
  worker().answer(first, [[0, "first"]]);
  expect(await Promise.all(spans)).toEqual([[[0, "first"]], [[0, "second"]]]);
});

test("several requests of one block are answered in their order", async () => {
  const spans = [highlighter.highlight(request(1)), highlighter.highlight(request(1))];
  worker().answer(1, ["a"]);
  worker().answer(1, ["b"]);
  expect(await Promise.all(spans)).toEqual([["a"], ["b"]]);
});

test("a worker that cannot be loaded leaves code plain, and the next request tries again", async () => {
  const spans = highlighter.highlight(request(1));
  worker().dispatchEvent(new Event("error"));
  expect(await spans).toEqual([]);
  const again = highlighter.highlight(request(1));
  worker(1).answer(1, ["a"]);
  expect(await again).toEqual(["a"]);
});
