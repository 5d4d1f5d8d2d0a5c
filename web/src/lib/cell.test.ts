import { expect, test, vi } from "vitest";
import { Cell } from "./cell";

test("listeners hear of changes until they leave, and not of a value that is the same", () => {
  const cell = new Cell(1);
  const listener = vi.fn();
  const leave = cell.subscribe(listener);
  cell.set(1);
  cell.set(Number.NaN);
  cell.set(Number.NaN);
  cell.update(() => 2);
  expect(cell.get()).toBe(2);
  expect(listener).toHaveBeenCalledTimes(2);
  leave();
  cell.set(3);
  expect(listener).toHaveBeenCalledTimes(2);
});

test("a listener may leave, and another join, while the listeners are called", () => {
  const cell = new Cell("a");
  const late = vi.fn();
  const other = vi.fn();
  const leave = cell.subscribe(() => {
    leave();
    cell.subscribe(late);
  });
  cell.subscribe(other);
  cell.set("b");
  expect(late).not.toHaveBeenCalled();
  expect(other).toHaveBeenCalledTimes(1);
  cell.set("c");
  expect(late).toHaveBeenCalledTimes(1);
});
