import { describe, expect, test } from "vitest";
import { answerMessage, userMessage } from "../testing/server";
import { emptyThread, forgetThread, mergePage, type Pending, shownMessages, type Thread, threadOf } from "./thread";

const ids = (messages: readonly { id: string }[]): string[] => messages.map((message) => message.id);
const list = (...names: string[]) => names.map((name) => userMessage(name));

test.each([
  ["the first page", [], ["a", "b"], ["a", "b"]],
  ["the same page", ["a", "b"], ["a", "b"], ["a", "b"]],
  ["a page with a new message, below older ones", ["a", "b", "c"], ["b", "c", "d"], ["a", "b", "c", "d"]],
  ["a page without a message that was deleted", ["a", "b", "c"], ["b"], ["a", "b"]],
  ["a page that does not meet the known messages, which would leave a gap", ["a", "b"], ["x", "y"], ["x", "y"]],
  ["an empty page", ["a"], [], []],
])("%s", (_, known, page, merged) => {
  expect(ids(mergePage(list(...known), list(...page)))).toEqual(merged);
});

describe("what is shown", () => {
  const pending = (after: string | null): Pending => ({
    outgoing: null,
    after,
    waiting: false,
    stopRequested: false,
    log: null,
    cancel: new AbortController(),
  });
  const answer = answerMessage("a1", "First", { siblings: ["a1", "a2"] });
  const thread: Thread = { ...emptyThread, messages: [userMessage("q"), answer, userMessage("q2")] };

  test("are the messages of the active path", () => {
    expect(ids(shownMessages(thread))).toEqual(["q", "a1", "q2"]);
  });

  test("is the selected version of an answer", () => {
    const other = answerMessage("a2", "Second", { siblings: ["a1", "a2"] });
    expect(ids(shownMessages({ ...thread, selected: { a1: other } }))).toEqual(["q", "a2", "q2"]);
  });

  test("ends at the message that is being answered again", () => {
    expect(ids(shownMessages({ ...thread, pending: pending("q") }))).toEqual(["q"]);
    expect(ids(shownMessages({ ...thread, pending: pending("unknown") }))).toEqual(["q", "a1", "q2"]);
    expect(ids(shownMessages({ ...thread, pending: pending(null) }))).toEqual(["q", "a1", "q2"]);
  });
});

test("a thread is one object until it is forgotten, and the one of a new conversation needs no loading", () => {
  const thread = threadOf("c");
  expect(threadOf("c")).toBe(thread);
  expect(thread.get().state).toBe("loading");
  expect(threadOf(null).get().state).toBe("ready");
  forgetThread("c");
  expect(threadOf("c")).not.toBe(thread);
});
