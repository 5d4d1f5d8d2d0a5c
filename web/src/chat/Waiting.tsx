import type { ReactNode } from "react";

export function Waiting({ label }: { label: string }): ReactNode {
  return (
    <p className="waiting">
      <span className="waiting-dots" aria-hidden>
        <i />
        <i />
        <i />
      </span>
      {label}
    </p>
  );
}
