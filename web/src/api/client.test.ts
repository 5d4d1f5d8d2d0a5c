import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { strings } from "../strings";
import { FakeServer, json, problem } from "../testing/server";
import { ApiError, asApiError, call, isTransient } from "./client";

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer();
  vi.stubGlobal("fetch", server.fetch);
});
afterEach(() => vi.unstubAllGlobals());

describe("call", () => {
  test("sends JSON, and resolves with the JSON of the response", async () => {
    server.on("PATCH /api/v1/conversations/c", () => json({ id: "c" }));
    expect(await call("conversations/c", { method: "PATCH", body: { title: "T" } })).toEqual({ id: "c" });
    expect(server.requests[0]?.body).toEqual({ title: "T" });
    expect(server.requests[0]?.headers.get("Content-Type")).toBe("application/json");
  });

  test("sends no body and no content type where there is none", async () => {
    server.on("GET /api/v1/models", () => json({ items: [] }));
    await call("models");
    expect(server.requests[0]?.body).toBeUndefined();
    expect(server.requests[0]?.headers.has("Content-Type")).toBe(false);
  });

  test("resolves with nothing for 204", async () => {
    server.on("DELETE /api/v1/conversations/c", () => new Response(null, { status: 204 }));
    expect(await call("conversations/c", { method: "DELETE" })).toBeUndefined();
  });

  test("passes its signal on", async () => {
    const reason = new Error("left");
    await expect(call("models", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("a refusal", () => {
  const refusal = (response: Response): Promise<unknown> => {
    server.on("GET /api/v1/models", () => response);
    return call("models");
  };

  test("has the server's status, code and sentence", async () => {
    await expect(refusal(problem(409, "conflict", "It is running."))).rejects.toMatchObject({
      status: 409,
      code: "conflict",
      message: "It is running.",
    });
  });

  test.each([
    [429, strings.errors.busy],
    [413, strings.errors.tooLarge],
    [502, strings.errors.unknown],
  ])("%i of a proxy has a sentence of our own", async (status, sentence) => {
    await expect(refusal(new Response("<html>", { status }))).rejects.toMatchObject({ status, code: "unknown", message: sentence });
  });

  test.each([json({}, 400), json({ code: 7, detail: "" }, 400), json(null, 400), json("text", 400)])(
    "without usable members is unknown",
    async (response) => {
      await expect(refusal(response)).rejects.toMatchObject({ status: 400, code: "unknown", message: strings.errors.unknown });
    },
  );
});

test("anything but a refusal is a failure of the network", () => {
  const refusal = new ApiError(404, "not_found", "Gone.");
  expect(asApiError(refusal)).toBe(refusal);
  expect(asApiError(new TypeError("fetch failed"))).toMatchObject({ status: 0, code: "network", message: strings.errors.network });
});

test("only failures on the way to the server are transient", () => {
  expect([0, 408, 425, 502, 503, 504].every(isTransient)).toBe(true);
  expect([200, 400, 401, 404, 409, 429, 500].some(isTransient)).toBe(false);
});
