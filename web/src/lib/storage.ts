/** localStorage that never throws: it may be full, forbidden or missing. */
export type TextStore = { get(key: string): string | null; set(key: string, value: string): void; remove(key: string): void };

const prefix = "parley.";

export const browserStore: TextStore = {
  get(key) {
    try {
      return localStorage.getItem(prefix + key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(prefix + key, value);
    } catch {
      // The value is then kept in memory only.
    }
  },
  remove(key) {
    try {
      localStorage.removeItem(prefix + key);
    } catch {
      // There is nothing to remove then.
    }
  },
};

export function readJson<T>(store: TextStore, key: string, fallback: T): T {
  try {
    return (JSON.parse(store.get(key) ?? "null") as T | null) ?? fallback;
  } catch {
    return fallback;
  }
}
