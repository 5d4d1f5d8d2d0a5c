import type { ReactNode } from "react";
import { navigate } from "../lib/router";
import { strings } from "../strings";

export function ThreadProblem({ state, onRetry }: { state: "missing" | "failed"; onRetry: () => void }): ReactNode {
  const missing = state === "missing";
  return (
    <div className="thread-problem" role="alert">
      <p>{missing ? strings.threadMissing : strings.threadFailed}</p>
      <button type="button" className="button" onClick={missing ? () => navigate(null) : onRetry}>
        {missing ? strings.startNew : strings.tryAgain}
      </button>
    </div>
  );
}
