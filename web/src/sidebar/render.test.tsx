import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Conversation } from "../api/types";
import { strings } from "../strings";
import { closeTab, openTab, type Tab } from "../testing/app";
import { conversation } from "../testing/server";

let tab: Tab;
const now = new Date(2026, 2, 15, 12, 0);

beforeEach(async () => {
  tab = await openTab();
  vi.setSystemTime(now);
});
afterEach(closeTab);

function at(id: string, daysAgo: number, changes: Partial<Conversation> = {}): Conversation {
  return conversation(id, { lastMessageAt: new Date(2026, 2, 15 - daysAgo, 9, 0).toISOString(), ...changes });
}

type Changes = Partial<ReturnType<Tab["conversations"]["conversations"]["get"]>>;

async function list(changes: Changes): Promise<string> {
  const { ConversationList } = await import("./ConversationList");
  tab.conversations.conversations.update((value) => ({ ...value, state: "ready", ...changes }));
  return renderToStaticMarkup(<ConversationList onChosen={() => undefined} />);
}

test("conversations are grouped by age, the newest first", async () => {
  const markup = await list({ items: [at("a", 0), at("b", 1), at("c", 3), at("d", 30)] });
  const order = [...markup.matchAll(/<h2>([^<]+)<\/h2>|data-conversation-id="(\w)"/g)].map(([, group, id]) => group ?? id);
  expect(order).toEqual([strings.today, "a", strings.yesterday, "b", strings.lastWeek, "c", strings.earlier, "d"]);
});

test("the open conversation, running answers and new answers are marked", async () => {
  tab.router.navigate("open");
  tab.unread.noteConversation(at("new", 0, { running: [{ generationId: "g", messageId: "m" }] }), false);
  tab.unread.noteConversation(at("new", 0), false);
  const running = [{ generationId: "g", messageId: "m" }];
  const markup = await list({ items: [at("open", 0), at("new", 0), at("busy", 0, { running })] });
  const items = markup.split("<li").slice(1);
  expect(items.map((item) => item.includes('aria-current="page"'))).toEqual([true, false, false]);
  expect(items.map((item) => item.includes(strings.unread))).toEqual([false, true, false]);
  expect(items.map((item) => item.includes(strings.answering))).toEqual([false, false, true]);
});

test("a conversation without a title has one to be shown, and its preview", async () => {
  const markup = await list({ items: [at("a", 0, { title: "", lastMessagePreview: "The last words" })] });
  expect(markup).toContain(strings.newChat);
  expect(markup).toContain("The last words");
});

test.each<[Changes, string]>([
  [{ items: [] }, strings.listEmpty],
  [{ state: "failed", items: [] }, strings.listFailed],
  [{ items: [], problem: "Not now." }, "Not now."],
  [{ items: [at("a", 0)], nextCursor: "1" }, strings.loadMore],
  [{ items: [at("a", 0)], nextCursor: "1", loadingMore: true }, strings.loading],
])("%j shows %j", async (changes, sentence) => {
  expect(await list(changes)).toContain(sentence);
});

test("deleting asks first, with the title of what will be deleted", async () => {
  const { DeleteDialog } = await import("./DeleteDialog");
  const render = (value: Conversation | null): string =>
    renderToStaticMarkup(<DeleteDialog conversation={value} onClose={() => undefined} onDelete={() => undefined} />);
  expect(render(at("a", 0, { title: "Bridges" }))).toContain("“Bridges” and all its messages will be permanently deleted.");
  expect(render(null)).toBe("");
});
