import { Component, type ReactNode } from "react";
import { strings } from "../strings";

type Props = { children: ReactNode };
type State = { failed: boolean };

/** A fault in what is shown must not take the page away: what was written is on the server, and one click away. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="crash" role="alert">
        <h1>{strings.crashTitle}</h1>
        <p>{strings.crashText}</p>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          {strings.crashReload}
        </button>
      </main>
    );
  }
}
