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

test("a message on its way survives a reload and goes out again with its key", () => {
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

test("what the server took is gone, and only that", () => {
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

test("a refused message comes back before what was typed meanwhile", () => {
  const drafts = new Drafts(memory());
  const sent = drafts.send(message);
  drafts.write("c", "more");
  expect(drafts.restore(sent)).toBe("Hello\n\nmore");
});
