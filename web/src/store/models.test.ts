import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { closeTab, openTab, type Tab } from "../testing/app";
import { json, problem } from "../testing/server";

let tab: Tab;

beforeEach(async () => {
  tab = await openTab();
});
afterEach(closeTab);

const story = { id: "demo/story", provider: "demo", name: "Story", isDefault: true };
const fast = { id: "demo/fast", provider: "demo", name: "Fast", isDefault: false };
const list = () => tab.models.models.get();

describe("the models", () => {
  test("are loaded with the default", async () => {
    tab.server.on("GET /api/v1/models", () => json({ items: [story, fast], default: story.id }));
    await tab.models.loadModels();
    expect(list()).toEqual({ state: "ready", items: [story, fast], default: "demo/story" });
  });

  test("of a server without a default leave the choice to it", async () => {
    tab.server.on("GET /api/v1/models", () => json({ items: [] }));
    await tab.models.loadModels();
    expect(tab.models.modelToUse(list(), null)).toBe("auto");
  });

  test("that were loaded stay when they cannot be loaded again", async () => {
    tab.server.on("GET /api/v1/models", () => problem(503, "unavailable", ""));
    await tab.models.loadModels();
    expect(list().state).toBe("failed");
    tab.server.on("GET /api/v1/models", () => json({ items: [story], default: story.id }));
    await tab.models.loadModels();
    tab.server.isDown = true;
    await tab.models.loadModels();
    expect(list()).toMatchObject({ state: "ready", items: [story] });
  });
});

test("the choice is kept over a reload, and used while the server has the model", async () => {
  tab.models.chooseModel("demo/fast");
  const { storage } = tab.browser;
  closeTab();
  tab = await openTab((browser) => {
    for (const [key, value] of storage) browser.storage.set(key, value);
  });
  const choice = tab.models.chosenModel.get();
  expect(choice).toBe("demo/fast");
  const ready = { state: "ready", items: [story, fast], default: story.id } as const;
  expect(tab.models.modelToUse(list(), choice)).toBe("demo/fast");
  expect(tab.models.modelToUse(ready, choice)).toBe("demo/fast");
  expect(tab.models.modelToUse({ ...ready, items: [story] }, choice)).toBe("demo/story");
});

test.each([
  ["demo/story", "Story"],
  ["openrouter/meta/llama-4", "llama-4"],
  ["gone", "gone"],
  [undefined, ""],
  [null, ""],
])("%s is called %j", (id, name) => {
  expect(tab.models.modelName({ state: "ready", items: [story], default: "auto" }, id)).toBe(name);
});
