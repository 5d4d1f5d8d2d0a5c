import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Message } from "../api/types";
import { plainText } from "../streaming/answer";
import { closeTab, openTab, pass, type Tab } from "../testing/app";
import { answerMessage, FakeStream, json, problem, token, userMessage } from "../testing/server";

let tab: Tab;
const route = "GET /api/v1/conversations/c/messages";

beforeEach(async () => {
  tab = await openTab();
  tab.router.navigate("c");
});
afterEach(closeTab);

const ids = () => tab.thread("c").messages.map((message) => message.id);

function page(items: readonly Message[], previous: string | null = null): void {
  tab.server.on(route, () => json({ items, previous }));
}

function events(generationId: string): FakeStream {
  const stream = new FakeStream();
  tab.server.on(`GET /api/v1/generations/${generationId}/events`, () => stream.response());
  return stream;
}

describe("a conversation that is opened", () => {
  test("shows its messages, and follows the answer that is running", async () => {
    const stream = events("g-a");
    page([userMessage("q"), answerMessage("a", "Hel", { status: "running" })]);
    await tab.opening.openThread("c");
    expect(tab.thread("c").state).toBe("ready");
    await pass();
    stream.event(token("lo"), 5);
    await pass(16);
    expect(plainText(tab.answers.answerLog("g-a").view.get().answer.parts)).toBe("Hello");
  });

  test("does not follow when another one is shown by the time it is loaded", async () => {
    events("g-a");
    page([answerMessage("a", "", { status: "running" })]);
    const opening = tab.opening.openThread("c");
    tab.router.navigate("other");
    await opening;
    await pass();
    expect(tab.server.received("GET /api/v1/generations/g-a/events")).toEqual([]);
  });

  test("closes its connections when it is left", async () => {
    const stream = events("g-a");
    page([answerMessage("a", "", { status: "running" })]);
    await tab.opening.openThread("c");
    await pass();
    tab.opening.leaveThread("c");
    await pass();
    expect(stream.isCancelled).toBe(true);
  });

  test.each([
    [404, "missing"],
    [400, "missing"],
    [503, "failed"],
  ])("is, after a %i, %s", async (status, state) => {
    tab.server.on(route, () => problem(status, "some_code", ""));
    await tab.opening.openThread("c");
    expect(tab.thread("c").state).toBe(state);
  });

  test("keeps its messages when they cannot be loaded again", async () => {
    page([userMessage("q")]);
    await tab.opening.openThread("c");
    tab.server.isDown = true;
    await tab.opening.openThread("c");
    expect(tab.thread("c").state).toBe("ready");
    expect(ids()).toEqual(["q"]);
  });

  test("has the message that a reload interrupted as its draft", async () => {
    tab.drafts.send({ conversationId: "c", parentId: null, model: "auto", text: "Interrupted" });
    tab.drafts.write("c", "");
    page([]);
    await tab.opening.openThread("c");
    expect(tab.drafts.read("c")).toBe("Interrupted");
  });
});

describe("older messages", () => {
  const all = Array.from({ length: 6 }, (_, index) => userMessage(`m${index}`));

  beforeEach(async () => {
    tab.server.on(route, ({ query }) => {
      const before = query.get("before");
      const end = before ? all.findIndex((message) => message.id === before) : all.length;
      const start = Math.max(0, end - 2);
      return json({ items: all.slice(start, end), previous: start > 0 ? all[start]?.id : null });
    });
    await tab.opening.openThread("c");
  });

  test("are put before the newer ones, page by page", async () => {
    await tab.opening.loadOlder("c");
    expect(ids()).toEqual(["m2", "m3", "m4", "m5"]);
    await tab.opening.loadOlder("c");
    expect(ids()).toEqual(["m0", "m1", "m2", "m3", "m4", "m5"]);
    const requests = tab.server.requests.length;
    await tab.opening.loadOlder("c");
    expect(tab.server.requests.length).toBe(requests);
  });

  test("stay when the newest page is loaded again, and loading continues before them", async () => {
    await tab.opening.loadOlder("c");
    await tab.opening.openThread("c");
    expect(ids()).toEqual(["m2", "m3", "m4", "m5"]);
    await tab.opening.loadOlder("c");
    expect(ids()[0]).toBe("m0");
  });

  test("are requested once at a time, and again after a failure", async () => {
    const first = tab.opening.loadOlder("c");
    await tab.opening.loadOlder("c");
    await first;
    expect(tab.server.received(route).filter(({ query }) => query.has("before")).length).toBe(1);
    tab.server.isDown = true;
    await tab.opening.loadOlder("c");
    expect(tab.thread("c").loadingOlder).toBe(false);
    tab.server.isDown = false;
    await tab.opening.loadOlder("c");
    expect(ids().length).toBe(6);
  });
});

describe("another version of an answer", () => {
  const siblings = ["a", "b"];
  const active = answerMessage("b", "Second", { siblings });

  beforeEach(async () => {
    page([userMessage("q"), active]);
    await tab.opening.openThread("c");
  });

  test("takes the place of the active one, and back", async () => {
    tab.server.on("GET /api/v1/messages/a", () => json(answerMessage("a", "First", { siblings })));
    await tab.opening.selectVersion(active, "a");
    expect(tab.threads.shownMessages(tab.thread("c")).map((message) => message.content)).toEqual(["Question q", "First"]);
    await tab.opening.selectVersion(answerMessage("a", "First", { siblings }), "b");
    expect(tab.threads.shownMessages(tab.thread("c")).at(-1)?.content).toBe("Second");
    expect(tab.server.received("GET /api/v1/messages/b")).toEqual([]);
  });

  test("that is running is followed, and can be stopped", async () => {
    events("g-a");
    tab.server.on("GET /api/v1/messages/a", () => json(answerMessage("a", "", { siblings, status: "running" })));
    tab.server.on("POST /api/v1/generations/g-a/stop", () => json({}));
    await tab.opening.selectVersion(active, "a");
    await pass();
    expect(tab.server.received("GET /api/v1/generations/g-a/events").length).toBe(1);
    tab.sending.stop("c");
    await pass();
    expect(tab.server.received("POST /api/v1/generations/g-a/stop").length).toBe(1);
  });

  test("that cannot be loaded changes nothing", async () => {
    await tab.opening.selectVersion(active, "a");
    expect(tab.threads.shownMessages(tab.thread("c")).at(-1)?.id).toBe("b");
  });
});
