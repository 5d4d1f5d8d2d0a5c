import { expect, test } from "vitest";
import { strings } from "../strings";
import { ageGroup, longTime, shortTime } from "./time";

// In the time zone of the machine, as the page shows it.
const now = new Date(2026, 2, 15, 12, 0).getTime();
const at = (...time: [number, number, number, number?, number?]): string => new Date(...time).toISOString();

test("within a minute it is now", () => {
  const noon = new Date(now).toISOString();
  expect(shortTime(noon, now + 59_999)).toBe(strings.now);
  expect(shortTime(noon, now + 60_000)).not.toBe(strings.now);
});

test("today it is the time, this week the weekday, before that the date", () => {
  expect(shortTime(at(2026, 2, 15, 9, 5), now)).toBe(
    new Date(2026, 2, 15, 9, 5).toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" }),
  );
  expect(shortTime(at(2026, 2, 14, 23, 59), now)).toBe(new Date(2026, 2, 14).toLocaleDateString(undefined, { weekday: "short" }));
  expect(shortTime(at(2026, 2, 9, 0, 0), now)).toBe(new Date(2026, 2, 9).toLocaleDateString(undefined, { weekday: "short" }));
  expect(shortTime(at(2026, 2, 8, 23, 59), now)).toBe(
    new Date(2026, 2, 8).toLocaleDateString(undefined, { day: "numeric", month: "short" }),
  );
});

test("a clock that is behind the server's shows now", () => {
  expect(shortTime(at(2026, 2, 15, 12, 3), now)).toBe(strings.now);
});

test("the long form has the date and the time", () => {
  expect(longTime(at(2026, 2, 8, 9, 5))).toMatch(/2026/);
  expect(longTime(at(2026, 2, 8, 9, 5))).toMatch(/05/);
});

test.each([
  [at(2026, 2, 15, 0, 0), strings.today],
  [at(2026, 2, 16, 8, 0), strings.today],
  [at(2026, 2, 14, 23, 59), strings.yesterday],
  [at(2026, 2, 13, 23, 59), strings.lastWeek],
  [at(2026, 2, 8, 0, 0), strings.lastWeek],
  [at(2026, 2, 7, 23, 59), strings.earlier],
])("%s belongs to %j", (iso, group) => {
  expect(ageGroup(iso, now)).toBe(group);
});

test("the night on which clocks change does not move a day", () => {
  // Whole days apart by the calendar, 23 or 25 hours by the clock in many places.
  for (let month = 0; month < 12; month++) {
    for (let day = 2; day <= 28; day++) {
      expect(ageGroup(at(2026, month, day - 1, 23, 30), new Date(2026, month, day, 0, 30).getTime())).toBe(strings.yesterday);
    }
  }
});
