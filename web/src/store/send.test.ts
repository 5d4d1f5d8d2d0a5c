import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Message } from "../api/types";
import { plainText } from "../streaming/answer";
import { strings } from "../strings";
import { closeTab, openTab, pass, type Tab } from "../testing/app";
import { answerMessage, done, FakeStream, json, problem, text, token, userMessage } from "../testing/server";

let tab: Tab;
let stream: FakeStream;
/** What the server has stored of the conversation `c`. */
let stored: Message[];

beforeEach(async () => {
  tab = await openTab();
  stream = new FakeStream();
  stored = [];
  tab.server.on("GET /api/v1/conversations/c/messages", () => json({ items: stored, previous: null }));
});
afterEach(closeTab);

const hello = { conversationId: null, parentId: null, model: "auto", text: "Hello" };
const running = () => answerMessage("a", "", { status: "running", siblings: ["a"] });

/** The server accepts the message, and stores it with an answer that has no text yet. */
function accept(): void {
  tab.server.on("POST /api/chat", () => {
    stored = [userMessage("q", { content: "Hello" }), running()];
    return stream.started("c", "g-a");
  });
}

const sent = () => tab.server.received("POST /api/chat");
const answer = (id = "a") => tab.answers.answerLog(`g-${id}`).view.get().answer;
const stops = () => tab.server.received("POST /api/v1/generations/g-a/stop");

describe("a first message", () => {
  test("creates a conversation, whose address and messages are then shown", async () => {
    accept();
    void tab.sending.send(hello);
    expect(tab.thread(null).pending?.outgoing?.text).toBe("Hello");
    await pass();

    expect(sent()[0]?.body).toEqual({ message: "Hello", model: "auto" });
    expect(tab.browser.history).toEqual(["replace /c/c"]);
    expect(tab.thread(null).pending).toBeNull();
    expect(tab.thread("c")).toMatchObject({ state: "ready", pending: null, problem: null });
    expect(tab.thread("c").messages.map((message) => message.id)).toEqual(["q", "a"]);
  });

  test("is answered on the connection that started the answer", async () => {
    accept();
    void tab.sending.send(hello);
    await pass();
    stream.event(token("Hi "), 3);
    stream.event(token("there"), 8);
    stream.event(done, 9);
    await pass(16);

    expect(plainText(answer().parts)).toBe("Hi there");
    expect(answer().status).toBe("completed");
    expect(tab.server.requests.filter(({ path }) => path.endsWith("/events"))).toEqual([]);
  });

  test("leaves the field empty while it is being sent", async () => {
    tab.server.on("POST /api/chat", () => new Promise(() => undefined));
    tab.drafts.write(null, "Hello");
    void tab.sending.send(hello);
    await pass();
    expect(tab.drafts.read(null)).toBe("");
  });

  test("keeps what was typed while it was being sent, in the new conversation", async () => {
    accept();
    void tab.sending.send(hello);
    tab.drafts.write(null, "the next one");
    await pass();

    expect(tab.drafts.read("c")).toBe("the next one");
    expect(tab.drafts.read(null)).toBe("");
    expect(tab.drafts.outgoing(null)).toBeNull();
  });

  test("does not change the address if another conversation was opened in the meantime, and its answer is not followed", async () => {
    accept();
    void tab.sending.send(hello);
    tab.router.navigate("other");
    await pass();

    expect(tab.router.route.get().conversationId).toBe("other");
    expect(stream.isCancelled).toBe(true);
    expect(answer().status).toBe("running");
  });
});

describe("a message in a conversation", () => {
  test("names the conversation, the parent and the model", async () => {
    accept();
    void tab.sending.send({ conversationId: "c", parentId: "p", model: "demo/story", text: "Hello" });
    await pass();
    expect(sent()[0]?.body).toEqual({ message: "Hello", model: "demo/story", conversationId: "c", parentId: "p" });
    expect(tab.browser.history).toEqual([]);
  });

  test("is not sent while another one is pending", async () => {
    tab.server.on("POST /api/chat", () => new Promise(() => undefined));
    void tab.sending.send({ ...hello, conversationId: "c" });
    void tab.sending.send({ ...hello, conversationId: "c", text: "Again" });
    await pass();
    expect(sent().length).toBe(1);
  });

  test("does not return to the field when the conversation is loaded while it is being sent", async () => {
    tab.server.on("POST /api/chat", () => new Promise(() => undefined));
    tab.router.navigate("c");
    void tab.sending.send({ ...hello, conversationId: "c" });
    tab.conversations.onFeed({ type: "hello" });
    await pass();
    expect(tab.thread("c").state).toBe("ready");
    expect(tab.drafts.read("c")).toBe("");
  });

  test("stays pending until the conversation can be loaded", async () => {
    accept();
    tab.router.navigate("c");
    tab.server.on("GET /api/v1/conversations/c/messages", () => problem(503, "unavailable", "Starting."));
    void tab.sending.send({ ...hello, conversationId: "c" });
    await pass();
    expect(tab.thread("c").pending).toMatchObject({ waiting: false });
    expect(tab.connection.connection.get().state).toBe("reconnecting");
    stream.event(token("Hi"), 2);

    tab.server.on("GET /api/v1/conversations/c/messages", () => json({ items: stored, previous: null }));
    tab.connection.retryNow();
    await pass(16);

    expect(tab.thread("c").pending).toBeNull();
    expect(tab.connection.connection.get().state).toBe("online");
    expect(plainText(answer().parts)).toBe("Hi");
  });

  test("ends its wait when the conversation was deleted in another tab", async () => {
    accept();
    tab.router.navigate("c");
    let deleted = false;
    tab.server.on("GET /api/v1/conversations/c/messages", () =>
      deleted ? problem(404, "not_found", "") : problem(503, "unavailable", ""),
    );
    void tab.sending.send({ ...hello, conversationId: "c" });
    await pass();
    deleted = true;
    tab.conversations.onFeed({ type: "conversation-deleted", id: "c" });
    tab.connection.retryNow();
    await pass();
    const requests = tab.server.requests.length;
    await pass(60_000);

    expect(tab.thread("c")).toMatchObject({ state: "missing", pending: null });
    expect(tab.server.requests.length).toBe(requests);
    expect(tab.router.route.get().conversationId).toBeNull();
  });
});

describe("while the server cannot be reached", () => {
  test("the message waits, and is sent again with the same idempotency key", async () => {
    let attempts = 0;
    tab.server.on("POST /api/chat", () => {
      attempts++;
      if (attempts === 1) throw new TypeError("fetch failed");
      if (attempts === 2) return problem(503, "unavailable", "Starting.");
      stored = [userMessage("q"), running()];
      return stream.started("c", "g-a");
    });
    void tab.sending.send(hello);
    await pass();
    expect(tab.thread(null).pending?.waiting).toBe(true);
    await pass(500);
    await pass(1_000);

    const keys = sent().map(({ headers }) => headers.get("Idempotency-Key"));
    expect(keys.length).toBe(3);
    expect(new Set(keys).size).toBe(1);
    expect(tab.thread("c")).toMatchObject({ pending: null, problem: null });
  });

  test("cancelling makes the message the draft again, without an error", async () => {
    tab.server.isDown = true;
    void tab.sending.send(hello);
    await pass();
    tab.sending.stop(null);
    await pass();
    tab.server.isDown = false;
    await pass(60_000);

    expect(tab.thread(null)).toMatchObject({ pending: null, problem: null });
    expect(tab.drafts.read(null)).toBe("Hello");
    expect(sent()).toEqual([]);
    expect(tab.connection.connection.get().state).toBe("online");
  });

  test("the same message sent again after a reload has the same key", async () => {
    tab.server.isDown = true;
    void tab.sending.send(hello);
    await pass();
    const key = tab.drafts.outgoing(null)?.key;

    const { storage } = tab.browser;
    closeTab();
    tab = await openTab((browser) => {
      for (const [name, value] of storage) browser.storage.set(name, value);
    });
    tab.drafts.recover(null);
    expect(tab.drafts.read(null)).toBe("Hello");
    void tab.sending.send(hello);
    await pass();

    expect(sent()[0]?.headers.get("Idempotency-Key")).toBe(key);
  });
});

describe("a refused message", () => {
  test.each([
    ["the server's reason", () => problem(404, "model_not_found", "There is no model demo/x."), "There is no model demo/x."],
    ["our own words for a limit", () => new Response("<html>", { status: 429 }), strings.errors.busy],
    ["our own words for its size", () => new Response("", { status: 413 }), strings.errors.tooLarge],
    ["a general sentence for a response that is not the server's", () => new Response("<html>login"), strings.errors.unknown],
  ])("is the draft again, and shows %s", async (_, respond, sentence) => {
    tab.server.on("POST /api/chat", respond);
    void tab.sending.send(hello);
    await pass();

    expect(tab.thread(null)).toMatchObject({ pending: null, problem: sentence });
    expect(tab.announcer.announcement.get()).toBe(sentence);
    expect(tab.drafts.read(null)).toBe("Hello");
    expect(sent().length).toBe(1);
  });

  test("comes back before the text that was typed since", async () => {
    tab.server.on("POST /api/chat", () => problem(409, "conflict", "Busy."));
    void tab.sending.send(hello);
    tab.drafts.write(null, "and more");
    await pass();
    expect(tab.drafts.read(null)).toBe("Hello\n\nand more");
  });

  test("is forgotten as a problem with the next attempt", async () => {
    tab.server.on("POST /api/chat", () => problem(409, "conflict", "Busy."));
    void tab.sending.send(hello);
    await pass();
    accept();
    void tab.sending.send(hello);
    expect(tab.thread(null).problem).toBeNull();
    await pass();
    expect(tab.thread("c").pending).toBeNull();
  });
});

describe("stop", () => {
  beforeEach(() => {
    tab.router.navigate("c");
    tab.server.on("POST /api/v1/generations/g-a/stop", () => json({}));
  });

  test("tells the server the position that is shown, and shows nothing beyond it", async () => {
    accept();
    void tab.sending.send({ ...hello, conversationId: "c" });
    await pass();
    stream.event(token("Hello"), 5);
    await pass(16);
    tab.sending.stop("c");
    stream.event(token(" world"), 11);
    await pass(16);

    expect(stops()[0]?.body).toEqual({ position: 5 });
    expect(tab.answers.answerLog("g-a").view.get()).toMatchObject({ stoppingAt: 5, answer: { position: 11 } });
    stream.event({ type: "done", finishReason: "stopped", stoppedAt: 5 }, 12);
    await pass(16);
    expect(answer()).toMatchObject({ status: "stopped", stoppedAt: 5 });
    expect(tab.answers.answerLog("g-a").view.get().stoppingAt).toBeNull();
  });

  test("counts what has arrived but not been drawn yet as shown", async () => {
    accept();
    void tab.sending.send({ ...hello, conversationId: "c" });
    await pass();
    stream.event(token("Hello"), 5);
    await pass();
    tab.sending.stop("c");
    await pass();
    expect(stops()[0]?.body).toEqual({ position: 5 });
  });

  test("before the server has accepted the message stops the answer as soon as it exists", async () => {
    let start = (_: Response): void => undefined;
    tab.server.on("POST /api/chat", () => new Promise((resolve) => (start = resolve)));
    void tab.sending.send({ ...hello, conversationId: "c" });
    await pass();
    tab.sending.stop("c");
    expect(tab.thread("c").pending?.stopRequested).toBe(true);
    expect(stops()).toEqual([]);
    stored = [userMessage("q"), running()];
    start(stream.started("c", "g-a"));
    await pass();
    expect(stops().length).toBe(1);
  });

  test("between acceptance and the loading of the conversation stops the answer too", async () => {
    accept();
    tab.server.on("GET /api/v1/conversations/c/messages", () => new Promise(() => undefined));
    void tab.sending.send({ ...hello, conversationId: "c" });
    await pass();
    tab.sending.stop("c");
    tab.sending.stop("c");
    await pass();
    expect(stops().length).toBe(1);
  });

  test("is sent once for an answer that is stopping", async () => {
    accept();
    void tab.sending.send({ ...hello, conversationId: "c" });
    await pass();
    tab.sending.stop("c");
    tab.sending.stop("c");
    await pass();
    expect(stops().length).toBe(1);
  });

  test("that fails lets the answer continue, and announces the reason", async () => {
    accept();
    tab.server.on("POST /api/v1/generations/g-a/stop", () => problem(503, "unavailable", "Not now."));
    void tab.sending.send({ ...hello, conversationId: "c" });
    await pass();
    tab.sending.stop("c");
    await pass();
    expect(tab.answers.answerLog("g-a").view.get().stoppingAt).toBeNull();
    expect(tab.announcer.announcement.get()).toBe("Not now.");
  });

  test("does nothing in a conversation without a running answer", async () => {
    stored = [userMessage("q"), answerMessage("a", "Hi")];
    await tab.opening.openThread("c");
    tab.sending.stop("c");
    await pass();
    expect(stops()).toEqual([]);
  });
});

describe("an answer again", () => {
  const first = answerMessage("a", "First", { parentId: "q", status: "failed" });
  const second = answerMessage("b", "", { parentId: "q", status: "running", siblings: ["a", "b"] });

  beforeEach(async () => {
    tab.router.navigate("c");
    stored = [userMessage("q"), first];
    await tab.opening.openThread("c");
  });

  test("with another model is a new version, which takes the place of the old one", async () => {
    tab.server.on("POST /api/v1/generations/g-a/retry", () => {
      stored = [userMessage("q"), second];
      return stream.started("c", "g-b");
    });
    void tab.sending.retryAnswer(first, "demo/other");
    expect(tab.threads.shownMessages(tab.thread("c")).map((message) => message.id)).toEqual(["q"]);
    await pass();

    const [request] = tab.server.received("POST /api/v1/generations/g-a/retry");
    expect(request?.body).toEqual({ model: "demo/other" });
    expect(request?.headers.get("Idempotency-Key")).toMatch(/^[0-9a-f-]{36}$/);
    expect(tab.threads.shownMessages(tab.thread("c")).map((message) => message.id)).toEqual(["q", "b"]);
    stream.event(token("Second"), 6);
    await pass(16);
    expect(plainText(answer("b").parts)).toBe("Second");
  });

  test("without a model leaves the choice to the server", async () => {
    tab.server.on("POST /api/v1/generations/g-a/retry", () => problem(409, "conflict", "Running."));
    void tab.sending.retryAnswer(first, null);
    await pass();
    expect(tab.server.received("POST /api/v1/generations/g-a/retry")[0]?.body).toEqual({});
    expect(tab.thread("c")).toMatchObject({ pending: null, problem: "Running." });
    expect(tab.threads.shownMessages(tab.thread("c")).map((message) => message.id)).toEqual(["q", "a"]);
  });

  test("continued begins with the text of the first", async () => {
    tab.server.on("POST /api/v1/generations/g-a/continue", () => {
      stored = [userMessage("q"), { ...second, parts: [text("First")], content: "First", position: 5 }];
      return stream.started("c", "g-b");
    });
    void tab.sending.continueAnswer(first);
    await pass();
    stream.event(token("First"), 5);
    stream.event({ type: "seam", reason: "continued", model: "demo/story" }, 6);
    stream.event(token(" and more"), 15);
    await pass(16);
    expect(plainText(answer("b").parts)).toBe("First and more");
  });

  test("is shown even where another version had been selected", async () => {
    const versions = ["a", "z", "b"];
    stored = [userMessage("q"), { ...first, siblings: ["a", "z"] }];
    tab.server.on("GET /api/v1/messages/z", () => json(answerMessage("z", "Old", { siblings: ["a", "z"] })));
    await tab.opening.openThread("c");
    await tab.opening.selectVersion({ ...first, siblings: ["a", "z"] }, "z");
    expect(tab.threads.shownMessages(tab.thread("c")).at(-1)?.id).toBe("z");

    tab.server.on("POST /api/v1/generations/g-a/retry", () => {
      stored = [userMessage("q"), { ...second, siblings: versions }];
      return stream.started("c", "g-b");
    });
    void tab.sending.retryAnswer(first, null);
    await pass();
    expect(tab.threads.shownMessages(tab.thread("c")).at(-1)?.id).toBe("b");
  });

  test("is not asked for a message that no model wrote", async () => {
    void tab.sending.retryAnswer(userMessage("q"), null);
    await pass();
    expect(tab.server.requests.filter(({ method }) => method === "POST")).toEqual([]);
  });
});
