import { call } from "../api/client";
import type { Model, ModelList } from "../api/types";
import { Cell } from "../lib/cell";
import { browserStore } from "../lib/storage";

export type Models = { state: "loading" | "ready" | "failed"; items: readonly Model[]; default: string };

/** Lets the server choose. */
const automatic = "auto";

export const models = new Cell<Models>({ state: "loading", items: [], default: automatic });
/** The model that the user chose last; null before the first choice. */
export const chosenModel = new Cell<string | null>(browserStore.get("model"));

export async function loadModels(): Promise<void> {
  try {
    const list = await call<ModelList>("models");
    models.set({ state: "ready", items: list.items, default: list.default ?? automatic });
  } catch {
    if (models.get().state !== "ready") models.set({ ...models.get(), state: "failed" });
  }
}

export function chooseModel(id: string): void {
  chosenModel.set(id);
  browserStore.set("model", id);
}

/** The chosen model, or the default if the server does not have it any more. */
export function modelToUse(list: Models, choice: string | null): string {
  if (choice && (list.state !== "ready" || list.items.some((model) => model.id === choice))) return choice;
  return list.default;
}

export function modelName(list: Models, id: string | null | undefined): string {
  if (!id) return "";
  return list.items.find((model) => model.id === id)?.name ?? id.split("/").at(-1) ?? id;
}
