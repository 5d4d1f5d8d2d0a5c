import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { closeTab, pass } from "../testing/app";
import { FakeBrowser } from "../testing/browser";

let browser: FakeBrowser;
let queue: typeof import("./frameQueue");

beforeEach(async () => {
  vi.useFakeTimers();
  browser = new FakeBrowser().install();
  vi.resetModules();
  queue = await import("./frameQueue");
});
afterEach(closeTab);

const frame = () => pass(16);

/** A job of so many steps; `steps` counts those that were made. */
function job(count: number, work = () => undefined) {
  const made = { steps: 0, cancel: (): unknown => undefined };
  made.cancel = queue.enqueue(() => {
    work();
    return ++made.steps < count;
  });
  return made;
}

test("the newest job is done first, and the others in the same frame if there is time", async () => {
  const order: string[] = [];
  queue.enqueue(() => void order.push("first") as unknown as boolean);
  queue.enqueue(() => void order.push("second") as unknown as boolean);
  await frame();
  expect(order).toEqual(["second", "first"]);
});

test("a job with more to do has one step in a frame", async () => {
  const long = job(3);
  await frame();
  expect(long.steps).toBe(1);
  await frame();
  await frame();
  await frame();
  expect(long.steps).toBe(3);
});

test("no job begins when the time of the frame is used up", async () => {
  const waiting = job(1);
  const slow = job(1, () => void vi.advanceTimersByTime(7) as undefined);
  await frame();
  expect([slow.steps, waiting.steps]).toEqual([1, 0]);
  await frame();
  expect(waiting.steps).toBe(1);
});

test("a cancelled job is not done", async () => {
  const cancelled = job(1);
  cancelled.cancel();
  await frame();
  expect(cancelled.steps).toBe(0);
});

test("in a hidden page, which has no frames, jobs run four times a second", async () => {
  browser.setVisible(false);
  const hidden = job(2);
  await frame();
  expect(hidden.steps).toBe(0);
  await pass(250);
  expect(hidden.steps).toBe(1);
});

test("short texts are rendered at once, until those of one frame are too long together", async () => {
  expect(queue.mayRenderNow(5_000)).toBe(true);
  expect(queue.mayRenderNow(2_000)).toBe(true);
  expect(queue.mayRenderNow(5_000)).toBe(false);
  expect(queue.mayRenderNow(200)).toBe(true);
  await frame();
  expect(queue.mayRenderNow(50_000)).toBe(true);
});
