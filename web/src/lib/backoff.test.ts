import { expect, test } from "vitest";
import { backoff } from "./backoff";

test("the ceiling doubles from half a second to fifteen", () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => backoff(attempt, () => 1));
  expect(ceilings).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
});

test("the wait is spread over the whole range", () => {
  const waits = Array.from({ length: 500 }, () => backoff(5));
  expect(Math.min(...waits)).toBeLessThan(2000);
  expect(Math.max(...waits)).toBeGreaterThan(13000);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(100);
});
