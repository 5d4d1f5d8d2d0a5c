import { vi } from "vitest";

/** The parts of a browser that the app's modules use, under the control of a test. */
export class FakeBrowser extends EventTarget {
  readonly storage = new Map<string, string>();
  readonly document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  readonly navigator: { onLine: boolean; locks?: unknown } = { onLine: true };
  readonly location = { pathname: "/" };
  /** How the address was changed: `pushState` adds an entry to the history, `replaceState` does not. */
  readonly history: string[] = [];

  /** Replaces the globals until `vi.unstubAllGlobals`. */
  install(): this {
    const go = (how: string) => (_: unknown, __: string, path: string) => {
      this.history.push(`${how} ${path}`);
      this.location.pathname = path;
    };
    vi.stubGlobal("location", this.location);
    vi.stubGlobal("history", { pushState: go("push"), replaceState: go("replace") });
    vi.stubGlobal("document", this.document);
    vi.stubGlobal("navigator", this.navigator);
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => this.storage.get(key) ?? null,
      setItem: (key: string, value: string) => void this.storage.set(key, value),
      removeItem: (key: string) => void this.storage.delete(key),
    });
    vi.stubGlobal("addEventListener", this.addEventListener.bind(this));
    vi.stubGlobal("removeEventListener", this.removeEventListener.bind(this));
    vi.stubGlobal("requestAnimationFrame", (callback: () => void) => setTimeout(callback, 16));
    vi.stubGlobal("BroadcastChannel", undefined);
    return this;
  }

  setVisible(visible: boolean): void {
    this.document.visibilityState = visible ? "visible" : "hidden";
    this.document.dispatchEvent(new Event("visibilitychange"));
  }

  setOnline(online: boolean): void {
    this.navigator.onLine = online;
    this.dispatchEvent(new Event(online ? "online" : "offline"));
  }
}
