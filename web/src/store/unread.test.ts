import { afterEach, beforeEach, expect, test } from "vitest";
import { closeTab, openTab, type Tab } from "../testing/app";
import { conversation } from "../testing/server";

let tab: Tab;

beforeEach(async () => {
  tab = await openTab();
});
afterEach(closeTab);

const running = conversation("c", { running: [{ generationId: "g", messageId: "a" }] });
const ended = conversation("c");
const unread = () => tab.unread.marks.get().unread;

test("an answer that ends while its conversation is not looked at is unread", () => {
  tab.unread.noteConversation(running, false);
  expect(unread()).toEqual([]);
  tab.unread.noteConversation(ended, false);
  expect(unread()).toEqual(["c"]);
});

test("an answer that ends while its conversation is looked at is read", () => {
  tab.unread.noteConversation(running, true);
  tab.unread.noteConversation(ended, true);
  expect(unread()).toEqual([]);
});

test("a conversation whose answer was never seen running is not unread", () => {
  tab.unread.noteConversation(ended, false);
  expect(unread()).toEqual([]);
});

test("opening it, or its next answer, makes it read", () => {
  tab.unread.noteConversation(running, false);
  tab.unread.noteConversation(ended, false);
  tab.unread.markRead("c");
  expect(unread()).toEqual([]);
  tab.unread.noteConversation(running, false);
  tab.unread.noteConversation(ended, false);
  tab.unread.noteConversation(running, false);
  expect(unread()).toEqual([]);
});

test("an answer that ended while the browser was closed is unread", async () => {
  tab.unread.noteConversation(running, true);
  const { storage } = tab.browser;
  closeTab();
  tab = await openTab((browser) => {
    for (const [key, value] of storage) browser.storage.set(key, value);
  });
  tab.unread.noteConversation(ended, false);
  expect(unread()).toEqual(["c"]);
});

test("a deleted conversation leaves no mark", () => {
  tab.unread.noteConversation(running, false);
  tab.unread.forgetMarks("c");
  tab.unread.noteConversation(ended, false);
  expect(unread()).toEqual([]);
});

test("what another tab has read is read here", () => {
  tab.unread.watchMarks();
  tab.unread.noteConversation(running, false);
  tab.unread.noteConversation(ended, false);
  tab.browser.storage.set("parley.marks", JSON.stringify({ running: [], unread: [] }));
  tab.browser.dispatchEvent(Object.assign(new Event("storage"), { key: "parley.other" }));
  expect(unread()).toEqual(["c"]);
  tab.browser.dispatchEvent(Object.assign(new Event("storage"), { key: "parley.marks" }));
  expect(unread()).toEqual([]);
});

test("the feed marks a conversation that is open but whose page is hidden", () => {
  tab.router.navigate("c");
  tab.conversations.onFeed({ type: "conversation", conversation: running });
  tab.browser.setVisible(false);
  tab.conversations.onFeed({ type: "conversation", conversation: ended });
  expect(unread()).toEqual(["c"]);
});
