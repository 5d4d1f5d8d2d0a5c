import { call } from "../api/client";
import type { Message, StopRequest } from "../api/types";
import { Cell } from "../lib/cell";
import { onNextFrame } from "../lib/frameQueue";
import { type Answer, answerOfMessage, applyEvents, emptyAnswer, newer, type PositionedEvent } from "../streaming/answer";
import { followGeneration } from "../streaming/followGeneration";
import { strings } from "../strings";
import { announce } from "./announcer";
import { retryFor } from "./connection";

export type AnswerView = {
  answer: Answer;
  /** The position at which the user stopped the answer. Nothing beyond it is shown while the server stops the generation. */
  stoppingAt: number | null;
  gone: boolean;
};

/** The log of one generation as far as it has been received. Received events are shown in the next frame. */
export class AnswerLog {
  readonly view: Cell<AnswerView>;
  readonly generationId: string;
  /** The message that the answer is in, once it is known. */
  messageId: string | null = null;
  private following: AbortController | null = null;
  private arrived: PositionedEvent[] = [];
  private scheduled = false;

  constructor(generationId: string) {
    this.generationId = generationId;
    this.view = new Cell<AnswerView>({ answer: emptyAnswer, stoppingAt: null, gone: false });
  }

  get running(): boolean {
    const { answer, gone } = this.view.get();
    return answer.status === "running" && !gone;
  }

  /** Takes over a snapshot from the server, unless more has been received already. */
  merge(message: Message): void {
    this.flush();
    this.put(newer(this.view.get().answer, answerOfMessage(message)));
  }

  follow(response?: Response): void {
    if (this.following || !this.running) {
      void response?.body?.cancel().catch(() => undefined);
      return;
    }
    const leaving = new AbortController();
    this.following = leaving;
    void this.read(leaving, response).finally(() => {
      if (this.following === leaving) this.following = null;
    });
  }

  /** Closes the connection. The generation continues on the server. */
  leave(): void {
    this.following?.abort();
    this.following = null;
  }

  async stop(): Promise<void> {
    this.flush();
    const { position } = this.view.get().answer;
    this.view.update((view) => ({ ...view, stoppingAt: view.stoppingAt ?? position }));
    try {
      await call(`generations/${this.generationId}/stop`, { method: "POST", body: { position } satisfies StopRequest });
    } catch (error) {
      this.view.update((view) => ({ ...view, stoppingAt: null }));
      throw error;
    }
  }

  private async read(leaving: AbortController, response?: Response): Promise<void> {
    const outcome = await followGeneration({
      generationId: this.generationId,
      position: () => this.position(),
      onEvents: (events) => this.take(events),
      retry: retryFor(this.generationId),
      signal: leaving.signal,
      ...(response ? { response } : {}),
    });
    this.flush();
    const { answer } = this.view.get();
    if (outcome === "gone") this.view.update((view) => ({ ...view, gone: true }));
    else if (outcome !== "left" && answer.status === "running") await this.reload();
  }

  private position(): number {
    return Math.max(this.view.get().answer.position, ...this.arrived.slice(-1).map((event) => event.position));
  }

  /** The log ended at or before the position: the message says how. */
  private async reload(): Promise<void> {
    if (!this.messageId) return;
    const message = await call<Message>(`messages/${this.messageId}`).catch(() => null);
    if (message) this.merge(message);
  }

  private take(events: readonly PositionedEvent[]): void {
    for (const event of events) this.arrived.push(event);
    if (this.scheduled) return;
    this.scheduled = true;
    onNextFrame(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.arrived.length === 0) return;
    const events = this.arrived;
    this.arrived = [];
    this.put(applyEvents(this.view.get().answer, events));
  }

  private put(answer: Answer): void {
    const before = this.view.get();
    if (before.answer === answer) return;
    const ended = answer.status !== "running";
    this.view.set({ ...before, answer, stoppingAt: ended ? null : before.stoppingAt });
    if (!this.following) return;
    if (before.answer.parts.length === 0 && answer.parts.length > 0 && !ended) announce(strings.announceStarted);
    if (before.answer.status === "running" && ended) announce(endSentence(answer));
  }
}

function endSentence(answer: Answer): string {
  if (answer.status === "completed") return strings.announceFinished;
  if (answer.status === "stopped") return strings.announceStopped;
  return strings.announceEnded(answer.error?.message ?? strings.interruptedNote);
}

const logs = new Map<string, AnswerLog>();

export function answerLog(generationId: string): AnswerLog {
  let log = logs.get(generationId);
  if (!log) {
    log = new AnswerLog(generationId);
    logs.set(generationId, log);
  }
  return log;
}

/** The log of a message that a model wrote; null for any other. */
export function logOf(message: Message): AnswerLog | null {
  if (message.role !== "assistant" || !message.generationId) return null;
  const log = answerLog(message.generationId);
  log.messageId = message.id;
  return log;
}

export function forgetAnswers(generationIds: Iterable<string>): void {
  for (const id of generationIds) {
    logs.get(id)?.leave();
    logs.delete(id);
  }
}
