import { Cell } from "../lib/cell";
import { browserStore } from "../lib/storage";

export type Theme = "system" | "light" | "dark";

const stored = browserStore.get("theme");
export const theme = new Cell<Theme>(stored === "light" || stored === "dark" ? stored : "system");

const backgrounds = { light: "#fbfaf8", dark: "#17171a" };

export function setTheme(value: Theme): void {
  browserStore.set("theme", value);
  theme.set(value);
}

export function watchTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    const shown = theme.get() === "system" ? (dark.matches ? "dark" : "light") : theme.get();
    document.documentElement.dataset["theme"] = shown;
    document.querySelector('meta[name="theme-color"]')?.setAttribute("content", backgrounds[shown as "light" | "dark"]);
  };
  dark.addEventListener("change", apply);
  theme.subscribe(apply);
  apply();
}
