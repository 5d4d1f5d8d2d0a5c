import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Conversation } from "../api/types";
import { strings } from "../strings";
import { closeTab, openTab, pass, type Tab } from "../testing/app";
import { answerMessage, conversation, FakeStream, json, problem, userMessage } from "../testing/server";

let tab: Tab;
const route = "GET /api/v1/conversations";

beforeEach(async () => {
  tab = await openTab();
});
afterEach(closeTab);

const at = (id: string, day: number, changes: Partial<Conversation> = {}): Conversation =>
  conversation(id, { lastMessageAt: `2026-01-0${day}T00:00:00Z`, ...changes });
const list = () => tab.conversations.conversations.get();
const ids = () => list().items.map((item) => item.id);
const titles = () => list().items.map((item) => item.title);
const page = (items: readonly Conversation[], nextCursor: string | null = null) => json({ items, nextCursor, total: 9 });

async function load(...items: Conversation[]): Promise<void> {
  tab.server.on(route, () => page(items));
  await tab.conversations.loadConversations();
}

describe("the list", () => {
  test("is sorted by the last message, or by creation where there is none", async () => {
    const { lastMessageAt: _, ...empty } = conversation("empty", { createdAt: "2026-01-02T00:00:00Z" });
    await load(at("old", 1), at("new", 3), empty);
    expect(ids()).toEqual(["new", "empty", "old"]);
  });

  test("says that it could not be loaded only while it is empty", async () => {
    tab.server.isDown = true;
    await tab.conversations.loadConversations();
    expect(list().state).toBe("failed");
    tab.server.isDown = false;
    await load(at("a", 1));
    expect(list().state).toBe("ready");
    tab.server.isDown = true;
    await tab.conversations.loadConversations();
    expect(list().state).toBe("ready");
    expect(ids()).toEqual(["a"]);
  });

  test("loads more by its cursor, once at a time", async () => {
    tab.server.on(route, ({ query }) => (query.get("cursor") === "x/1" ? page([at("b", 1)]) : page([at("c", 3), at("d", 2)], "x/1")));
    await tab.conversations.loadConversations();
    const loading = tab.conversations.loadMore();
    await tab.conversations.loadMore();
    await loading;
    expect(ids()).toEqual(["c", "d", "b"]);
    expect(list()).toMatchObject({ nextCursor: null, loadingMore: false });
    await tab.conversations.loadMore();
    expect(tab.server.received(route).length).toBe(2);
  });

  test("loaded again keeps what is beyond its first page, and drops what was deleted within it", async () => {
    tab.server.on(route, ({ query }) => (query.has("cursor") ? page([at("old", 1)], "2") : page([at("a", 5), at("b", 4)], "1")));
    await tab.conversations.loadConversations();
    await tab.conversations.loadMore();
    tab.server.on(route, () => page([at("c", 6), at("a", 5), at("x", 3)], "other"));
    await tab.conversations.loadConversations();
    expect(ids()).toEqual(["c", "a", "x", "old"]);
    expect(list().nextCursor).toBe("2");
  });

  test("says why more could not be loaded, and can try again", async () => {
    tab.server.on(route, () => page([at("a", 2)], "1"));
    await tab.conversations.loadConversations();
    tab.server.on(route, () => problem(429, "rate_limited", "Slow down."));
    await tab.conversations.loadMore();
    expect(tab.announcer.announcement.get()).toBe("Slow down.");
    expect(list()).toMatchObject({ loadingMore: false, nextCursor: "1" });
  });
});

describe("a new title", () => {
  beforeEach(() => load(at("a", 1, { title: "Before" })));

  test("is shown at once, and then as the server has it", async () => {
    tab.server.on("PATCH /api/v1/conversations/a", () => json(at("a", 1, { title: "After (trimmed)" })));
    const renaming = tab.conversations.rename("a", "After");
    expect(titles()).toEqual(["After"]);
    await renaming;
    expect(titles()).toEqual(["After (trimmed)"]);
    expect(tab.server.received("PATCH /api/v1/conversations/a")[0]?.body).toEqual({ title: "After" });
  });

  test("that is refused is undone, with the reason for six seconds", async () => {
    tab.server.on("PATCH /api/v1/conversations/a", () => problem(400, "invalid", "Too long."));
    await tab.conversations.rename("a", "After");
    expect(titles()).toEqual(["Before"]);
    expect(list().problem).toBe("Too long.");
    await pass(6_000);
    expect(list().problem).toBeNull();
  });

  test.each(["", "Before"])("%j is not sent", async (title) => {
    await tab.conversations.rename("a", title);
    expect(tab.server.requests.some(({ method }) => method === "PATCH")).toBe(false);
  });
});

describe("deleting", () => {
  beforeEach(() => load(at("a", 2), at("b", 1)));

  test("removes the conversation with its draft and marks, and leaves its page", async () => {
    tab.server.on("DELETE /api/v1/conversations/a", () => new Response(null, { status: 204 }));
    tab.router.navigate("a");
    tab.drafts.write("a", "a draft");
    tab.unread.noteConversation(at("a", 2, { running: [{ generationId: "g", messageId: "m" }] }), false);
    await tab.conversations.remove("a");
    expect(ids()).toEqual(["b"]);
    expect(tab.drafts.read("a")).toBe("");
    expect(tab.unread.marks.get()).toEqual({ running: [], unread: [] });
    expect(tab.router.route.get().conversationId).toBeNull();
    expect(tab.announcer.announcement.get()).toBe(strings.announceDeleted);
  });

  test("of a conversation that is deleted already succeeds", async () => {
    await tab.conversations.remove("a");
    expect(ids()).toEqual(["b"]);
    expect(list().problem).toBeNull();
  });

  test("that fails keeps the conversation, and says why", async () => {
    tab.server.isDown = true;
    await tab.conversations.remove("a");
    expect(ids()).toEqual(["a", "b"]);
    expect(list().problem).toBe(strings.errors.network);
  });

  test("in another tab closes the conversation here, with the connection of its answer", async () => {
    const stream = new FakeStream();
    tab.server.on("GET /api/v1/generations/g-x/events", () => stream.response());
    tab.server.on("GET /api/v1/conversations/a/messages", () =>
      json({ items: [answerMessage("x", "", { conversationId: "a", status: "running" })], previous: null }),
    );
    tab.router.navigate("a");
    await tab.opening.openThread("a");
    await pass();
    tab.conversations.onFeed({ type: "conversation-deleted", id: "a" });
    await pass();
    expect(ids()).toEqual(["b"]);
    expect(stream.isCancelled).toBe(true);
    expect(tab.browser.history.at(-1)).toBe("replace /");
    expect(tab.thread("a").messages).toEqual([]);
  });
});

describe("the feed", () => {
  const messages = "GET /api/v1/conversations/c/messages";

  beforeEach(async () => {
    await load(at("c", 1, { messageCount: 2 }));
    tab.server.on(messages, () => json({ items: [userMessage("q"), answerMessage("a", "Hi")], previous: null }));
    tab.router.navigate("c");
    await tab.opening.openThread("c");
    tab.server.requests.length = 0;
  });

  test("puts new and changed conversations into the list", () => {
    tab.conversations.onFeed({ type: "conversation", conversation: at("d", 2) });
    tab.conversations.onFeed({ type: "conversation", conversation: at("c", 3, { title: "Changed" }) });
    expect(titles()).toEqual(["Changed", "Title d"]);
  });

  test("says hello after a connection or an overflow: the list and the open conversation are loaded again", async () => {
    tab.conversations.onFeed({ type: "hello" });
    await pass();
    expect(tab.server.received(route).length).toBe(1);
    expect(tab.server.received(messages).length).toBe(1);
  });

  test.each([
    ["has grown", { messageCount: 4 }],
    ["has an answer that is not known here", { messageCount: 2, running: [{ generationId: "g-new", messageId: "new" }] }],
  ])("loads the open conversation again when it %s", async (_, changes) => {
    tab.conversations.onFeed({ type: "conversation", conversation: at("c", 2, changes) });
    await pass();
    expect(tab.server.received(messages).length).toBe(1);
  });

  test("loads it again when an answer that is running here has ended there", async () => {
    tab.server.on("GET /api/v1/generations/g-r/events", () => new FakeStream().response());
    tab.server.on(messages, () => json({ items: [answerMessage("r", "", { status: "running" })], previous: null }));
    await tab.opening.openThread("c");
    tab.server.requests.length = 0;
    tab.conversations.onFeed({ type: "conversation", conversation: at("c", 2, { running: [{ generationId: "g-r", messageId: "r" }] }) });
    await pass();
    expect(tab.server.received(messages).length).toBe(0);
    tab.conversations.onFeed({ type: "conversation", conversation: at("c", 2) });
    await pass();
    expect(tab.server.received(messages).length).toBe(1);
  });

  test("loads nothing for a new title, for another conversation, or while a message of this tab is pending", async () => {
    tab.conversations.onFeed({ type: "conversation", conversation: at("c", 1, { title: "Changed" }) });
    tab.conversations.onFeed({ type: "conversation", conversation: at("d", 2, { messageCount: 9 }) });
    tab.server.on("POST /api/chat", () => new Promise(() => undefined));
    void tab.sending.send({ conversationId: "c", parentId: null, model: "auto", text: "Next" });
    tab.conversations.onFeed({ type: "conversation", conversation: at("c", 3, { messageCount: 4 }) });
    await pass();
    expect(tab.server.received(messages)).toEqual([]);
  });
});
