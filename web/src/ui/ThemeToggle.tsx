import { Monitor, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { useCell } from "../lib/cell";
import { strings } from "../strings";
import { setTheme, type Theme, theme } from "./theme";

const choices: readonly { value: Theme; label: string; Icon: typeof Sun }[] = [
  { value: "light", label: strings.themeLight, Icon: Sun },
  { value: "dark", label: strings.themeDark, Icon: Moon },
  { value: "system", label: strings.themeSystem, Icon: Monitor },
];

export function ThemeToggle(): ReactNode {
  const current = useCell(theme);
  return (
    <fieldset className="theme-toggle">
      <legend className="visually-hidden">{strings.theme}</legend>
      {choices.map(({ value, label, Icon }) => (
        <label key={value} title={label}>
          <input type="radio" name="theme" className="visually-hidden" checked={current === value} onChange={() => setTheme(value)} />
          <Icon aria-hidden />
          <span className="visually-hidden">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
