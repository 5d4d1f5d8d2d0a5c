import { Code2, Lightbulb, Sigma, Table2 } from "lucide-react";
import type { ReactNode } from "react";
import { drafts } from "../store/drafts";
import { strings } from "../strings";
import { focusComposer } from "../ui/useShortcuts";

const icons = [Lightbulb, Code2, Table2, Sigma];

export function EmptyState(): ReactNode {
  return (
    <div className="empty-state">
      <img src="/icon.svg" alt="" width="52" height="52" />
      <h2>{strings.emptyTitle}</h2>
      <p>{strings.emptyText}</p>
      <ul aria-label={strings.examplesLabel}>
        {strings.examples.map(({ title, text }, index) => {
          const Icon = icons[index] ?? Lightbulb;
          return (
            <li key={title}>
              <button
                type="button"
                data-testid="example"
                onClick={() => {
                  drafts.replace(null, text);
                  focusComposer();
                }}
              >
                <Icon aria-hidden />
                <strong>{title}</strong>
                <span>{text}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
