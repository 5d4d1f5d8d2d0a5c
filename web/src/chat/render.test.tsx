import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Message } from "../api/types";
import type { Answer } from "../streaming/answer";
import { strings } from "../strings";
import { closeTab, openTab, type Tab } from "../testing/app";
import { answerMessage, text, userMessage } from "../testing/server";

let tab: Tab;

beforeEach(async () => {
  tab = await openTab();
  vi.stubGlobal("CSS", { supports: () => true });
});
afterEach(closeTab);

/** The text of the markup, for what the reader sees. */
const textOf = (markup: string): string =>
  markup
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .replaceAll("&#x27;", "'")
    .trim();
const html = (element: ReactElement): string => renderToStaticMarkup(element);

/** What is known of an answer is in its log. */
function know(message: Message): Message {
  tab.answers.logOf(message)?.merge(message);
  return message;
}

async function answerHtml(message: Message): Promise<string> {
  const { AssistantMessage } = await import("./AssistantMessage");
  return html(<AssistantMessage message={message} />);
}

describe("an answer", () => {
  test("that is running is busy, and has no buttons yet", async () => {
    const markup = await answerHtml(know(answerMessage("a", "Hello", { status: "running" })));
    expect(markup).toContain('aria-busy="true"');
    expect(markup).toContain('data-status="running"');
    expect(markup).not.toContain("<button");
  });

  test("without text yet says what it waits for", async () => {
    const message = know(answerMessage("a", "", { status: "running" }));
    expect(textOf(await answerHtml(message))).toContain(strings.connecting);
    const log = tab.answers.answerLog("g-a");
    log.view.update((view) => ({ ...view, answer: { ...view.answer, asked: true } }));
    expect(textOf(await answerHtml(message))).toContain(strings.thinking);
  });

  test("that was stopped shows what was seen, and offers the rest", async () => {
    const markup = await answerHtml(know(answerMessage("a", "Hello world", { status: "stopped", stoppedAt: 5, finishReason: "stopped" })));
    expect(textOf(markup)).toContain("Hello");
    expect(textOf(markup)).not.toContain("world");
    expect(textOf(markup)).toContain(strings.stoppedNote);
    expect(textOf(markup)).toContain(strings.showRest);
  });

  test("that was stopped at its end has no rest to show", async () => {
    const markup = await answerHtml(know(answerMessage("a", "Hello", { status: "stopped", stoppedAt: 5, finishReason: "stopped" })));
    expect(textOf(markup)).toContain(strings.stoppedNote);
    expect(textOf(markup)).not.toContain(strings.showRest);
  });

  test("shows nothing beyond the position at which it is being stopped", async () => {
    const message = know(answerMessage("a", "Hello world", { status: "running" }));
    tab.answers.answerLog("g-a").view.update((view) => ({ ...view, stoppingAt: 5 }));
    expect(textOf(await answerHtml(message))).not.toContain("world");
  });

  test("that no longer exists says so, and keeps its text", async () => {
    const message = know(answerMessage("a", "Hello", { status: "running" }));
    tab.answers.answerLog("g-a").view.update((view) => ({ ...view, gone: true }));
    const markup = await answerHtml(message);
    expect(textOf(markup)).toContain("Hello");
    expect(textOf(markup)).toContain(strings.goneNote);
    expect(markup).toContain('aria-busy="false"');
  });

  test("that no model wrote can be copied, and not be retried", async () => {
    const { generationId: _, ...imported } = answerMessage("i", "Imported");
    const markup = await answerHtml(imported);
    expect(markup).toContain(strings.copy);
    expect(markup).not.toContain('data-testid="retry"');
  });
});

describe("the end of an answer", () => {
  const ended: Answer = {
    position: 1,
    parts: [text("Hello")],
    status: "completed",
    asked: true,
    finishReason: "stop",
    usage: null,
    error: null,
    stoppedAt: null,
  };
  const error = { code: "provider_failed", message: "The provider is down.", retryable: true };

  async function note(changes: Partial<Answer>, empty = false): Promise<string> {
    const { AnswerStatus } = await import("./AnswerStatus");
    return textOf(
      html(
        <AnswerStatus
          answer={{ ...ended, ...changes }}
          gone={false}
          empty={empty}
          more={false}
          whole={false}
          onToggleWhole={() => undefined}
        />,
      ),
    );
  }

  test.each<[Partial<Answer>, string]>([
    [{}, ""],
    [{ status: "stopped", finishReason: "stopped" }, strings.stoppedNote],
    [{ status: "failed", error }, "The provider is down."],
    [{ status: "failed" }, strings.failedNote],
    [{ status: "interrupted" }, strings.interruptedNote],
    [{ status: "interrupted", error }, "The provider is down."],
    [{ finishReason: "length" }, strings.lengthNote],
    [{ finishReason: "content-filter" }, strings.filterNote],
  ])("%j is explained by %j", async (changes, sentence) => {
    expect(await note(changes)).toBe(sentence);
  });

  test("without any text is explained", async () => {
    expect(await note({ parts: [] }, true)).toBe(strings.emptyAnswer);
  });
});

describe("the actions of an answer", () => {
  async function actions(changes: Partial<Message>, value = "Hello"): Promise<string> {
    const { MessageActions } = await import("./MessageActions");
    const { answerOfMessage } = await import("../streaming/answer");
    const message = answerMessage("a", value, changes);
    const answer = answerOfMessage(message);
    return html(<MessageActions message={message} answer={answer} parts={answer.parts} />);
  }
  const offered = (markup: string): string[] =>
    [...markup.matchAll(/data-testid="(continue|retry|copy|versions)"/g)].map(([, name]) => name ?? "");

  test.each<[Partial<Message>, string[]]>([
    [{ status: "completed" }, ["copy", "retry"]],
    [{ status: "stopped" }, ["continue", "retry", "copy"]],
    [{ status: "failed" }, ["continue", "retry", "copy"]],
    [{ status: "interrupted" }, ["continue", "retry", "copy"]],
    [{ status: "completed", finishReason: "length" }, ["continue", "copy", "retry"]],
  ])("%j are %j", async (changes, expected) => {
    expect(offered(await actions(changes))).toEqual(expected);
  });

  test("without text there is nothing to continue or to copy", async () => {
    expect(offered(await actions({ status: "failed" }, ""))).toEqual(["retry"]);
  });

  test("the versions are counted, and only existing ones can be chosen", async () => {
    const markup = await actions({ siblings: ["x", "a", "y"] });
    expect(textOf(markup)).toContain("2/3");
    expect(markup).toContain(strings.version(2, 3));
    expect(await actions({ siblings: ["a", "y"] })).toMatch(new RegExp(`${strings.previousVersion}" disabled`));
    expect(offered(await actions({ siblings: ["a"] }))).not.toContain("versions");
  });

  test("the tokens are named where they were counted", async () => {
    expect(textOf(await actions({ usage: { inputTokens: 1, outputTokens: 1234 } }))).toContain("1,234 tokens");
    expect(textOf(await actions({ usage: { inputTokens: 1, outputTokens: 0 } }))).not.toContain("tokens");
  });
});

describe("a message that is being sent", () => {
  async function pending(waiting: boolean, outgoing = true): Promise<string> {
    const { PendingMessage } = await import("./PendingMessage");
    const message = { key: "k", conversationId: "c", parentId: null, model: "auto", text: "Hello" };
    const value = {
      outgoing: outgoing ? message : null,
      after: null,
      waiting,
      stopRequested: false,
      log: null,
      cancel: new AbortController(),
    };
    return html(<PendingMessage pending={value} conversationId="c" />);
  }

  test("is shown with the place of its answer", async () => {
    const markup = await pending(false);
    expect(textOf(markup)).toContain("Hello");
    expect(markup).toContain('data-status="pending"');
    expect(textOf(markup)).not.toContain(strings.waitingToSend);
  });

  test("can be cancelled while the server cannot be reached", async () => {
    const markup = await pending(true);
    expect(textOf(markup)).toContain(`${strings.waitingToSend} ${strings.cancel}`);
    expect(markup).not.toContain('data-status="pending"');
  });

  test("is not shown twice when an answer is asked for again", async () => {
    const markup = await pending(false, false);
    expect(markup).not.toContain('data-role="user"');
    expect(markup).toContain('data-status="pending"');
  });
});

describe("a tool call", () => {
  const tool = { type: "tool", callId: "1", name: "search", arguments: '{"q":1}', position: 0 } as const;

  async function toolHtml(changes: { result?: unknown; error?: string; arguments?: string }, running: boolean): Promise<string> {
    const { ToolCall } = await import("./ToolCall");
    return textOf(html(<ToolCall tool={{ ...tool, ...changes }} running={running} />));
  }

  test("says how far it is", async () => {
    expect(await toolHtml({}, true)).toContain(`search ${strings.toolRunning}`);
    expect(await toolHtml({}, false)).not.toContain(strings.toolRunning);
    expect(await toolHtml({ result: null }, true)).toContain(`search ${strings.toolDone}`);
    expect(await toolHtml({ error: "No access." }, true)).toContain(`search ${strings.toolFailed}`);
  });

  test("shows its arguments, also while they are not whole, and what came of it", async () => {
    expect(await toolHtml({}, false)).toContain("&quot;q&quot;: 1");
    expect(await toolHtml({ arguments: '{"q":' }, true)).toContain("{&quot;q&quot;:");
    expect(await toolHtml({ result: "plain text" }, false)).toContain("plain text");
    expect(await toolHtml({ result: { hits: [] } }, false)).toContain("&quot;hits&quot;: []");
    expect(await toolHtml({ error: "No access." }, false)).toContain("No access.");
  });
});

describe("a conversation", () => {
  const thread = () => tab.threads.threadOf("c");

  async function view(): Promise<string> {
    const { ChatView } = await import("./ChatView");
    return html(<ChatView conversationId="c" title="A title" onOpenList={() => undefined} />);
  }

  test("shows its messages in order, with what each is", async () => {
    tab.threads.patch(thread(), {
      state: "ready",
      messages: [userMessage("q", { content: "Why?" }), know(answerMessage("a", "Because."))],
    });
    const markup = await view();
    expect([...markup.matchAll(/data-role="(\w+)"/g)].map(([, role]) => role)).toEqual(["user", "assistant"]);
    expect(textOf(markup)).toMatch(/Why\?.*Because\./);
  });

  test.each([
    ["missing", strings.threadMissing, strings.startNew],
    ["failed", strings.threadFailed, strings.tryAgain],
  ] as const)("that is %s says so, with a way out", async (state, sentence, action) => {
    tab.threads.patch(thread(), { state });
    const markup = textOf(await view());
    expect(markup).toContain(sentence);
    expect(markup).toContain(action);
  });

  test("offers to stop while an answer runs or is asked for, and to send otherwise", async () => {
    const has = async (name: string): Promise<boolean> => (await view()).includes(`data-testid="${name}"`);
    tab.threads.patch(thread(), { state: "ready", messages: [know(answerMessage("a", "Hi"))] });
    expect([await has("send"), await has("stop")]).toEqual([true, false]);
    const running = know(answerMessage("b", "Hi", { status: "running" }));
    tab.threads.patch(thread(), { messages: [running] });
    expect([await has("send"), await has("stop")]).toEqual([false, true]);
    tab.answers.logOf(running)?.view.update((state) => ({ ...state, stoppingAt: 2 }));
    expect(await view()).toMatch(new RegExp(`disabled="" aria-label="${strings.stopping}"`));
  });

  test("shows the problem of the last message, and the draft", async () => {
    tab.drafts.write("c", "half a thought");
    tab.threads.patch(thread(), { state: "ready", problem: "Slow down." });
    const markup = await view();
    expect(textOf(markup)).toContain("Slow down.");
    expect(markup).toMatch(/<textarea[^>]*>half a thought<\/textarea>/);
  });

  test("that does not exist yet offers examples", async () => {
    const { ChatView } = await import("./ChatView");
    const markup = html(<ChatView conversationId={null} title={undefined} onOpenList={() => undefined} />);
    expect(markup.match(/data-testid="example"/g)?.length).toBe(strings.examples.length);
    expect(textOf(markup)).toContain(strings.emptyTitle);
  });
});

test("a component that throws is replaced by a page that can be reloaded", async () => {
  const { ErrorBoundary } = await import("../ui/ErrorBoundary");
  const boundary = new ErrorBoundary({ children: "content" });
  expect(boundary.render()).toBe("content");
  boundary.state = ErrorBoundary.getDerivedStateFromError();
  const markup = html(boundary.render() as ReactElement);
  expect(textOf(markup)).toBe(`${strings.crashTitle} ${strings.crashText} ${strings.crashReload}`);
});
