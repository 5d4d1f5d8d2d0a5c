import { Cell } from "./cell";

export type Route = { conversationId: string | null };

function read(): Route {
  const match = /^\/c\/([^/]+)\/?$/.exec(location.pathname);
  return { conversationId: match?.[1] ?? null };
}

export const route = new Cell<Route>(read());

export const pathOf = (conversationId: string | null): string => (conversationId ? `/c/${conversationId}` : "/");

export function navigate(conversationId: string | null, { replace = false } = {}): void {
  const path = pathOf(conversationId);
  if (path !== location.pathname) history[replace ? "replaceState" : "pushState"](null, "", path);
  route.set(read());
}

export function watchHistory(): void {
  addEventListener("popstate", () => route.set(read()));
}
