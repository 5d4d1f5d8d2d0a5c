import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { reduce, typesOf } from "./api-types.mjs";

const read = (name) => readFile(new URL(`../src/api/${name}`, import.meta.url), "utf8");

test("generated.ts is generated from openapi.json", async () => {
  expect(await typesOf(JSON.parse(await read("openapi.json")))).toBe(await read("generated.ts"));
});

const schema = (properties, rest = {}) => ({ type: "object", properties, ...rest });

/** A document with the schemas that the app uses, all of them empty but for these. */
async function documentWith(schemas) {
  const { components, ...document } = JSON.parse(await read("openapi.json"));
  const empty = Object.fromEntries(Object.keys(components.schemas).map((name) => [name, schema({})]));
  return { ...document, info: { title: "Parley", version: "9" }, components: { schemas: { ...empty, ...schemas } } };
}

test("a schema that changed gives other types", async () => {
  const before = await typesOf(reduce(await documentWith({ Message: schema({ id: { type: "string" } }, { required: ["id"] }) })));
  const after = await typesOf(reduce(await documentWith({ Message: schema({ id: { type: "integer" } }, { required: ["id"] }) })));
  expect(before).toContain("readonly id: string;");
  expect(after).toContain("readonly id: number;");
});

test("schemas that the app uses come with those that they refer to, and no others", async () => {
  const document = await documentWith({
    Message: schema({ author: { $ref: "#/components/schemas/Author" } }),
    Author: schema({ name: { type: "string" } }),
    Unused: schema({}),
  });
  const names = Object.keys(reduce(document).components.schemas);
  expect(names).toContain("Author");
  expect(names).not.toContain("Unused");
  expect(names).toEqual(names.toSorted());
});

test("descriptions are left out, properties of that name are not", async () => {
  const properties = { description: { type: "string", description: "What it is about." } };
  const { components } = reduce(await documentWith({ Message: schema(properties, { description: "A message." }) }));
  expect(components.schemas.Message).toEqual(schema({ description: { type: "string" } }));
});

test("a schema that is missing is an error", async () => {
  const document = await documentWith({});
  delete document.components.schemas.FeedEvent;
  expect(() => reduce(document)).toThrow("FeedEvent");
});

test("a member that all variants need is required in each", async () => {
  const variants = [schema({ type: { const: "a" } }), schema({ type: { const: "b" }, id: { type: "string" } }, { required: ["id"] })];
  const types = await typesOf(reduce(await documentWith({ FeedEvent: { required: ["type"], oneOf: variants } })));
  expect(types).toContain('readonly type: "a";');
  expect(types).toContain('readonly type: "b";');
  expect(types).not.toContain("type?:");
});
