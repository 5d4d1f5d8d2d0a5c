import { Component, type ReactNode } from "react";
import { strings } from "../strings";

type Props = { children: ReactNode };
type State = { failed: boolean };

/** Shows an error message with a reload button when rendering fails. */
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
