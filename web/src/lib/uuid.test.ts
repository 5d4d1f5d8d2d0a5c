import { afterEach, expect, test, vi } from "vitest";
import { uuid } from "./uuid";

const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

afterEach(() => vi.unstubAllGlobals());

test.each([
  ["with crypto.randomUUID", crypto],
  ["without it, on an insecure origin", { getRandomValues: crypto.getRandomValues.bind(crypto) }],
])("%s it is a random version 4", (_, implementation) => {
  vi.stubGlobal("crypto", implementation);
  const made = Array.from({ length: 200 }, uuid);
  for (const id of made) expect(id).toMatch(version4);
  expect(new Set(made).size).toBe(200);
});
