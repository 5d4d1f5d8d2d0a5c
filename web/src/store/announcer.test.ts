import { afterEach, beforeEach, expect, test } from "vitest";
import { closeTab, openTab, pass, type Tab } from "../testing/app";

let tab: Tab;

beforeEach(async () => {
  tab = await openTab();
});
afterEach(closeTab);

const shown = () => tab.announcer.announcement.get();

test("a sentence stays for four seconds, from the last one on", async () => {
  tab.announcer.announce("One.");
  await pass(3_000);
  tab.announcer.announce("Two.");
  await pass(3_000);
  expect(shown()).toBe("Two.");
  await pass(1_000);
  expect(shown()).toBe("");
});

test("the same sentence again is another text, since only a change is read out", () => {
  tab.announcer.announce("Copied");
  const first = shown();
  tab.announcer.announce("Copied");
  expect(shown()).not.toBe(first);
  expect(shown().trim()).toBe("Copied");
});
