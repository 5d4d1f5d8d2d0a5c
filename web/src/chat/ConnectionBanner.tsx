import { CloudOff, RefreshCw } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useCell } from "../lib/cell";
import { connection, retryNow } from "../store/connection";
import { strings } from "../strings";

/** Shows that the connection is lost, and when the next attempt is made. */
export function ConnectionBanner(): ReactNode {
  const { state, retryAt } = useCell(connection);
  const shown = useLasting(state !== "online");
  const now = useClock(shown);
  const seconds = retryAt === null ? 0 : Math.ceil((retryAt - now) / 1000);
  return (
    <div className={shown ? "connection shown" : "connection"} data-testid="connection-state" data-state={state}>
      {shown ? (
        <>
          {state === "offline" ? <CloudOff aria-hidden /> : <RefreshCw aria-hidden className="turning" />}
          <span>
            {state === "offline" ? strings.offline : strings.reconnecting} <span className="muted">{strings.answersAreSaved}</span>
          </span>
          {state === "reconnecting" ? <span className="muted countdown">{strings.retryIn(seconds)}</span> : null}
          <button type="button" className="button small" onClick={retryNow}>
            {strings.retryNow}
          </button>
        </>
      ) : (
        <span className="visually-hidden">{strings.online}</span>
      )}
    </div>
  );
}

/** True after the value has been true for 700 ms: an immediate reconnection is not shown. */
function useLasting(value: boolean): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLasting(value), value ? 700 : 0);
    return () => clearTimeout(timer);
  }, [value]);
  return lasting && value;
}

function useClock(on: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [on]);
  return now;
}
