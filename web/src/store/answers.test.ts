import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Message } from "../api/types";
import { plainText } from "../streaming/answer";
import { strings } from "../strings";
import { closeTab, openTab, pass, type Tab } from "../testing/app";
import { answerMessage, done, FakeStream, json, problem, token, userMessage } from "../testing/server";
import type { AnswerLog } from "./answers";

let tab: Tab;
let log: AnswerLog;
let streams: FakeStream[];

beforeEach(async () => {
  tab = await openTab();
  log = tab.answers.answerLog("g-a");
  streams = [];
  tab.server.on("GET /api/v1/generations/g-a/events", () => {
    const stream = new FakeStream();
    streams.push(stream);
    return stream.response();
  });
});
afterEach(closeTab);

const running = (text: string): Message => answerMessage("a", text, { status: "running" });
const text = (): string => plainText(log.view.get().answer.parts);
const positions = () => tab.server.received("GET /api/v1/generations/g-a/events").map(({ query }) => query.get("after"));

describe("following", () => {
  test("begins at the position of the snapshot", async () => {
    log.merge(running("Hello"));
    log.follow();
    await pass();
    streams[0]?.event(token(" world"), 11);
    await pass(16);
    expect(positions()).toEqual(["5"]);
    expect(text()).toBe("Hello world");
  });

  test("resumes after a cut at the last event that arrived, drawn or not", async () => {
    log.follow();
    await pass();
    streams[0]?.event(token("Hello"), 5);
    await pass();
    streams[0]?.break();
    await pass();
    tab.connection.retryNow();
    await pass();
    streams[1]?.event(token(" world"), 11);
    streams[1]?.event(done, 12);
    await pass(16);
    expect(positions()).toEqual(["0", "5"]);
    expect(text()).toBe("Hello world");
    expect(log.running).toBe(false);
  });

  test("draws all events of a frame at once", async () => {
    let draws = 0;
    log.view.subscribe(() => draws++);
    log.follow();
    await pass();
    for (let i = 1; i <= 20; i++) streams[0]?.event(token("x"), i);
    await pass();
    expect(text()).toBe("");
    await pass(16);
    expect(text()).toBe("x".repeat(20));
    expect(draws).toBe(1);
  });

  test("continues in a hidden page, which has no frames", async () => {
    tab.browser.setVisible(false);
    log.follow();
    await pass();
    streams[0]?.event(token("Hello"), 5);
    await pass(250);
    expect(text()).toBe("Hello");
  });

  test("has one connection, however often it is asked for", async () => {
    log.follow();
    log.follow();
    const second = new FakeStream();
    log.follow(second.response());
    await pass();
    expect(positions().length).toBe(1);
    expect(second.isCancelled).toBe(true);
  });

  test("can be left and taken up again without losing or repeating anything", async () => {
    log.follow();
    await pass();
    streams[0]?.event(token("Hello"), 5);
    await pass();
    log.leave();
    await pass();
    expect(streams[0]?.isCancelled).toBe(true);
    expect(text()).toBe("Hello");
    log.follow();
    await pass();
    streams[1]?.event(token(" world"), 11);
    await pass(16);
    expect(positions()).toEqual(["0", "5"]);
    expect(text()).toBe("Hello world");
    expect(tab.server.requests.filter(({ path }) => path.endsWith("/stop"))).toEqual([]);
  });

  test("does not begin for an answer that has ended", async () => {
    log.merge(answerMessage("a", "Hello"));
    log.follow();
    await pass();
    expect(positions()).toEqual([]);
  });
});

describe("an end that was missed", () => {
  test("is taken from the message", async () => {
    tab.answers.logOf(running("Hello"))?.merge(running("Hello"));
    tab.server.on("GET /api/v1/generations/g-a/events", () => new Response(null, { status: 204 }));
    tab.server.on("GET /api/v1/messages/a", () => json(answerMessage("a", "Hello", { finishReason: "length" })));
    log.follow();
    await pass();
    expect(log.view.get().answer).toMatchObject({ status: "completed", finishReason: "length" });
  });

  test("of an answer that no longer exists is said, and its text stays", async () => {
    log.merge(running("Hello"));
    tab.server.on("GET /api/v1/generations/g-a/events", () => problem(404, "not_found", ""));
    log.follow();
    await pass();
    expect(log.view.get().gone).toBe(true);
    expect(log.running).toBe(false);
    expect(text()).toBe("Hello");
  });
});

describe("a snapshot", () => {
  test("at a lower position never overwrites a higher one", async () => {
    log.follow();
    await pass();
    streams[0]?.event(token("Hello world"), 11);
    await pass(16);
    log.merge(running("Hello"));
    expect(text()).toBe("Hello world");
    log.merge(running("Hello world, again"));
    expect(text()).toBe("Hello world, again");
  });

  test("counts events that have arrived but are not drawn yet", async () => {
    log.follow();
    await pass();
    streams[0]?.event(token("Hello world"), 11);
    await pass();
    log.merge(running("Hello"));
    expect(text()).toBe("Hello world");
  });

  test("makes events that it contains already no-ops", async () => {
    log.follow();
    await pass();
    log.merge(running("Hello world"));
    streams[0]?.event(token("Hello"), 5);
    streams[0]?.event(token(" world!"), 12);
    await pass(16);
    expect(text()).toBe("Hello world!");
  });
});

describe("a screen reader", () => {
  const heard: string[] = [];
  beforeEach(() => {
    heard.length = 0;
    tab.announcer.announcement.subscribe(() => heard.push(tab.announcer.announcement.get()));
  });

  test("hears the beginning and the end of an answer that is followed", async () => {
    log.follow();
    await pass();
    streams[0]?.event(token("Hello"), 5);
    await pass(16);
    streams[0]?.event(token(" world"), 11);
    await pass(16);
    streams[0]?.event(done, 12);
    await pass(16);
    expect(heard).toEqual([strings.announceStarted, strings.announceFinished]);
  });

  test.each([
    ["a stop", { type: "done", finishReason: "stopped" } as const, strings.announceStopped],
    [
      "a failure with its reason",
      { type: "error", code: "provider_failed", message: "The provider is down.", retryable: true, status: "failed" } as const,
      strings.announceEnded("The provider is down."),
    ],
  ])("hears of %s", async (_, event, sentence) => {
    log.follow();
    await pass();
    streams[0]?.event(event, 1);
    await pass(16);
    expect(heard).toEqual([sentence]);
  });

  test("hears nothing of a conversation that is opened", () => {
    log.merge(answerMessage("a", "Hello"));
    expect(heard).toEqual([]);
  });
});

test("only messages that a model wrote have a log, one each", () => {
  expect(tab.answers.logOf(userMessage("q"))).toBeNull();
  const { generationId: _, ...imported } = answerMessage("i", "Hello");
  expect(tab.answers.logOf(imported)).toBeNull();
  expect(tab.answers.logOf(answerMessage("a", "Hello"))).toBe(log);
});

test("a forgotten answer is no longer followed", async () => {
  log.follow();
  await pass();
  tab.answers.forgetAnswers(["g-a", "g-unknown"]);
  await pass();
  expect(streams[0]?.isCancelled).toBe(true);
  expect(tab.answers.answerLog("g-a")).not.toBe(log);
});
