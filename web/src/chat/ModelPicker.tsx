import { Check, ChevronDown } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { Model } from "../api/types";
import { useCell } from "../lib/cell";
import { chooseModel, chosenModel, loadModels, modelName, models, modelToUse } from "../store/models";
import { strings } from "../strings";

const many = 7;

export function ModelPicker(): ReactNode {
  const list = useCell(models);
  const current = modelToUse(list, useCell(chosenModel));
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const onPointer = (event: PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", onPointer);
    return () => removeEventListener("pointerdown", onPointer);
  }, [open]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className="model-picker" ref={root}>
      <button
        ref={button}
        type="button"
        className="model-button"
        data-testid="model-picker"
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-label={`${strings.modelLabel}: ${modelName(list, current)}`}
        onClick={() => {
          if (list.state === "failed") void loadModels();
          setOpen(!open);
        }}
      >
        <span>{modelName(list, current)}</span>
        <ChevronDown aria-hidden />
      </button>
      {open ? <Options current={current} onClose={close} onLeave={() => setOpen(false)} /> : null}
    </div>
  );
}

function Options({ current, onClose, onLeave }: { current: string; onClose: () => void; onLeave: () => void }): ReactNode {
  const list = useCell(models);
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const items = list.items.filter((model) => !wanted || `${model.name} ${model.id}`.toLowerCase().includes(wanted));
  const [chosen, setActive] = useState(() =>
    Math.max(
      0,
      list.items.findIndex((model) => model.id === current),
    ),
  );
  const active = Math.min(chosen, items.length - 1);
  const filterable = list.items.length > many;
  const focus = useRef<HTMLElement>(null);
  useEffect(() => focus.current?.focus(), []);
  useEffect(() => {
    // Not returned from the effect: newer browsers return a promise here, which React would take for a cleanup function.
    document.getElementById(`model-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const choose = (model: Model | undefined): void => {
    if (model) chooseModel(model.id);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = items.length - 1;
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") setActive(Math.min(active + 1, last));
    else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
    else if (event.key === "Home" && !filterable) setActive(0);
    else if (event.key === "End" && !filterable) setActive(last);
    else if (event.key === "Enter" || (event.key === " " && !filterable)) choose(items[active]);
    else if (event.key === "Escape") onClose();
    else {
      if (event.key === "Tab") onLeave();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const activeId = items.length > 0 ? `model-${active}` : undefined;
  return (
    <div className="model-menu">
      {filterable ? (
        <input
          ref={(element) => {
            focus.current = element;
          }}
          role="combobox"
          aria-expanded="true"
          aria-controls="models"
          aria-activedescendant={activeId}
          aria-label={strings.modelFilter}
          placeholder={strings.modelFilter}
          value={filter}
          onChange={(event) => {
            setFilter(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      ) : null}
      <div
        id="models"
        role="listbox"
        tabIndex={filterable ? -1 : 0}
        ref={(element) => {
          if (!filterable) focus.current = element;
        }}
        aria-label={strings.modelLabel}
        aria-activedescendant={filterable ? undefined : activeId}
        onKeyDown={filterable ? undefined : onKeyDown}
      >
        {items.map((model, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the listbox holds the focus and handles the keys
          <div
            key={model.id}
            id={`model-${index}`}
            role="option"
            aria-selected={model.id === current}
            className={index === active ? "model-option active" : "model-option"}
            onPointerMove={() => setActive(index)}
            onClick={() => choose(model)}
          >
            <span className="model-name">
              {model.name}
              {model.isDefault ? <small>{strings.modelDefault}</small> : null}
            </span>
            <span className="model-id">{model.id}</span>
            {model.id === current ? <Check aria-hidden /> : null}
          </div>
        ))}
      </div>
      {items.length === 0 ? (
        <p className="list-note">
          {list.state === "ready" ? strings.modelNoMatch : list.state === "failed" ? strings.modelsFailed : strings.loading}
        </p>
      ) : null}
    </div>
  );
}
