import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeServer, json, problem } from "../testing/server";
import { call } from "./client";
import { identified, identify } from "./identity";

let server: FakeServer;
let log: string[];
const retry = {
  reached: () => void log.push("reached"),
  wait: (attempt: number) => Promise.resolve(void log.push(`wait ${attempt}`)),
};

beforeEach(() => {
  server = new FakeServer();
  log = [];
  vi.stubGlobal("fetch", server.fetch);
});
afterEach(() => vi.unstubAllGlobals());

test("other requests wait until the browser has an identity", async () => {
  let identity = (_: Response): void => undefined;
  server.on("GET /api/v1/me", () => new Promise((resolve) => (identity = resolve)));
  server.on("GET /api/v1/models", () => json({ items: [] }));
  const identifying = identify(retry);
  const models = call("models");
  await Promise.resolve();
  expect(server.requests.map(({ path }) => path)).toEqual(["/api/v1/me"]);

  identity(json({ id: "u", anonymous: true }));
  await identifying;
  await models;
  expect(server.requests.map(({ path }) => path)).toEqual(["/api/v1/me", "/api/v1/models"]);
});

test("it is asked for until the server answers", async () => {
  const outcomes = [() => Promise.reject(new TypeError("down")), () => problem(500, "internal_error", ""), () => json({ id: "u" })];
  server.on("GET /api/v1/me", () => (outcomes.shift() ?? (() => json({})))());
  await identify(retry);
  expect(log).toEqual(["wait 0", "wait 1", "reached"]);
});

test("a refusal lets the other requests go, which then report it", async () => {
  server.on("GET /api/v1/me", () => problem(403, "forbidden", "Not from here."));
  server.on("GET /api/v1/models", () => problem(403, "forbidden", "Not from here."));
  await identify(retry);
  await identified();
  await expect(call("models")).rejects.toMatchObject({ status: 403, message: "Not from here." });
});
