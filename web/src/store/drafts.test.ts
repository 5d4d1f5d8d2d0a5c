import { expect, test } from "vitest";
import type { TextStore } from "../lib/storage";
import { Drafts } from "./drafts";

function memory(): TextStore & { map: Map<string, string> } {
  const map = new Map<string, string>();
  return { map, get: (key) => map.get(key) ?? null, set: (key, value) => void map.set(key, value), remove: (key) => void map.delete(key) };
}

const message = { conversationId: "c", parentId: null, model: "auto", text: "Hello" };

test("drafts are kept per conversation and survive a reload", () => {
  const store = memory();
  const drafts = new Drafts(store);
  drafts.write(null, "for a new one");
  drafts.write("c", "for c");
  expect(new Drafts(store).read(null)).toBe("for a new one");
  expect(new Drafts(store).read("c")).toBe("for c");
  drafts.write("c", "");
  expect(store.map.has("draft.c")).toBe(false);
});

test("a pending message survives a reload, and is sent again with its key", () => {
  const store = memory();
  const first = new Drafts(store);
  const { key } = first.send(message);
  first.write("c", "");
  const second = new Drafts(store);
  second.recover("c");
  expect(second.read("c")).toBe("Hello");
  expect(second.send(message).key).toBe(key);
});

test("another text, model or parent is another message", () => {
  const drafts = new Drafts(memory());
  const { key } = drafts.send(message);
  expect(drafts.send({ ...message, text: "Hello!" }).key).not.toBe(key);
  expect(drafts.send({ ...message, text: "Hello!", model: "demo/a" }).key).not.toBe(key);
});

test("an accepted message is removed, and nothing else", () => {
  const store = memory();
  const drafts = new Drafts(store);
  const sent = drafts.send(message);
  drafts.write("c", "the next one");
  drafts.accepted({ ...sent, key: "another" });
  expect(drafts.outgoing("c")).toEqual(sent);
  drafts.accepted(sent);
  expect(drafts.outgoing("c")).toBeNull();
  expect(drafts.read("c")).toBe("the next one");
});

test("a refused message is put before the text that was typed since", () => {
  const drafts = new Drafts(memory());
  const sent = drafts.send(message);
  drafts.write("c", "more");
  expect(drafts.restore(sent)).toBe("Hello\n\nmore");
});

test("a message that is being sent does not return to the field", () => {
  const store = memory();
  const drafts = new Drafts(store);
  drafts.send(message);
  drafts.write("c", "");
  expect(drafts.read("c")).toBe("");
  drafts.accepted(drafts.send(message));
  expect(store.map.size).toBe(0);
});

test("the field reads its draft again when something else has changed it", () => {
  const drafts = new Drafts(memory());
  const revisions: number[] = [];
  drafts.revision.subscribe(() => revisions.push(drafts.revision.get()));
  drafts.write("c", "typed");
  drafts.replace("c", "an example");
  drafts.restore(drafts.send(message));
  expect(revisions).toEqual([1, 2]);
});

test("a message that another tab has recovered into its draft is removed from it once it is accepted", () => {
  const store = memory();
  const [here, there] = [new Drafts(store), new Drafts(store)];
  const sent = here.send(message);
  here.write("c", "");
  there.recover("c");
  here.accepted(sent);
  expect(there.read("c")).toBe("");
});

test("the text of a refused message is not repeated where the draft has it already", () => {
  const drafts = new Drafts(memory());
  const sent = drafts.send(message);
  drafts.recover("c");
  expect(drafts.restore(sent)).toBe("Hello");
});

test("a new conversation takes the draft that was typed before it existed", () => {
  const drafts = new Drafts(memory());
  drafts.write(null, "next");
  drafts.moveTo("c");
  expect([drafts.read("c"), drafts.read(null)]).toEqual(["next", ""]);
  drafts.moveTo("d");
  expect([drafts.read("c"), drafts.read("d")]).toEqual(["next", ""]);
});

test("a deleted conversation leaves nothing behind", () => {
  const store = memory();
  const drafts = new Drafts(store);
  drafts.write("c", "draft");
  drafts.send(message);
  drafts.forget("c");
  expect(store.map.size).toBe(0);
});
