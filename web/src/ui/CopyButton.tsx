import { Check, Copy, X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { announce } from "../store/announcer";
import { strings } from "../strings";
import { copyText } from "./copyText";

type Props = { text: () => string; label: string; small?: boolean; testId?: string };

export function CopyButton({ text, label, small = false, testId }: Props): ReactNode {
  const [outcome, setOutcome] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(null), 1800);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (): Promise<void> => {
    const copied = await copyText(text());
    setOutcome(copied ? "copied" : "failed");
    announce(copied ? strings.copied : strings.copyFailed);
  };
  const Icon = outcome === "copied" ? Check : outcome === "failed" ? X : Copy;
  return (
    <button
      type="button"
      className={small ? "icon-button small" : "icon-button"}
      aria-label={label}
      title={label}
      data-testid={testId}
      onClick={() => void copy()}
    >
      <Icon aria-hidden />
    </button>
  );
}
