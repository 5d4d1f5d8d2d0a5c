import { ArrowUp, Square } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useCell } from "../lib/cell";
import { utf8Length } from "../lib/utf8";
import { announce } from "../store/announcer";
import { drafts } from "../store/drafts";
import { chosenModel, models, modelToUse } from "../store/models";
import { send, stop } from "../store/send";
import { shownMessages, type Thread } from "../store/thread";
import { strings } from "../strings";
import { ModelPicker } from "./ModelPicker";
import { useRunning } from "./useRunning";

type Props = { conversationId: string | null; thread: Thread };

const maxMessageBytes = 1024 * 1024;

export function Composer({ conversationId, thread }: Props): ReactNode {
  const field = useRef<HTMLTextAreaElement>(null);
  const revision = useCell(drafts.revision);
  const [text, setText] = useState(() => drafts.read(conversationId));
  const model = modelToUse(useCell(models), useCell(chosenModel));
  const state = useRunning(thread);
  const stopping = state === "stopping" || thread.pending?.stopRequested === true;
  const busy = state !== "idle" || thread.pending !== null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new revision means that the draft was changed elsewhere
  useEffect(() => setText(drafts.read(conversationId)), [conversationId, revision]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once for each conversation
  useEffect(() => {
    focusField();
  }, [conversationId]);
  useGrowing(field, text);

  function focusField(): void {
    // On a phone the focus would open the keyboard over the messages.
    if (matchMedia("(pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  }
  const type = (value: string): void => {
    setText(value);
    drafts.write(conversationId, value);
  };
  const submit = (): void => {
    const message = text.trim();
    if (!message) return;
    const obstacle = busy ? strings.busy : utf8Length(message) > maxMessageBytes ? strings.messageTooLong : null;
    if (obstacle) {
      announce(obstacle);
      return;
    }
    const last = shownMessages(thread).at(-1);
    const active = thread.messages.at(-1);
    setText("");
    void send({ conversationId, parentId: last && last.id !== active?.id ? last.id : null, model, text: message });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // During the composition of an input method Enter selects a word. Safari ends the composition before this event: then keyCode is 229.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {thread.problem ? (
        <p className="composer-problem" role="alert">
          {thread.problem}
        </p>
      ) : null}
      <div className="composer-box">
        <label htmlFor="composer" className="visually-hidden">
          {strings.composerLabel}
        </label>
        <textarea
          id="composer"
          ref={field}
          data-testid="composer"
          rows={1}
          value={text}
          placeholder={strings.composerPlaceholder}
          aria-describedby="composer-hint"
          enterKeyHint="send"
          onChange={(event) => type(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div className="composer-bar">
          <ModelPicker />
          <span id="composer-hint" className="composer-hint">
            {busy && text.trim() ? strings.busy : strings.composerHint}
          </span>
          {busy ? (
            <button
              type="button"
              className="send stop"
              data-testid="stop"
              disabled={stopping}
              aria-label={stopping ? strings.stopping : strings.stop}
              title={strings.stopTitle}
              onClick={() => {
                stop(conversationId);
                focusField();
              }}
            >
              <Square aria-hidden fill="currentColor" />
            </button>
          ) : (
            <button
              type="submit"
              className="send"
              data-testid="send"
              disabled={!text.trim()}
              aria-label={strings.send}
              title={strings.send}
            >
              <ArrowUp aria-hidden />
            </button>
          )}
        </div>
      </div>
    </form>
  );
}

/** Grows the field with its text in browsers without field-sizing. */
function useGrowing(field: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (!element || text === undefined || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [field, text]);
}
