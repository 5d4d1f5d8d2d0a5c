// The types of the HTTP API, for src/api: `npm run types -- http://localhost:5080` reads the document of a running server (or of a file),
// keeps the schemas that the app uses in openapi.json, and writes generated.ts. Without an address, generated.ts is written from openapi.json.
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import openapiTypes, { astToString } from "openapi-typescript";

/** What the app sends and receives. The schemas that these refer to come with them. */
const used = [
  "Conversation",
  "ContinueGenerationRequest",
  "FeedEvent",
  "GenerationEvent",
  "ListConversationsPage",
  "ListMessagesPage",
  "Message",
  "SingleMessageChatRequest",
  "ModelList",
  "ProblemDetails",
  "RenameConversationRequest",
  "RetryGenerationRequest",
  "StopGenerationRequest",
];

const committed = new URL("../src/api/openapi.json", import.meta.url);
const generated = new URL("../src/api/generated.ts", import.meta.url);

/** The schemas that the app uses. Descriptions are left out: a changed wording is no change of a type. */
export function reduce(document) {
  const schemas = {};
  const add = (name) => {
    if (name in schemas) return;
    const schema = document.components.schemas[name];
    if (!schema) throw new Error(`The document has no schema ${name}.`);
    schemas[name] = withoutDescriptions(schema);
    for (const [, reference] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) add(reference);
  };
  used.forEach(add);
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { openapi, info } = document;
  return { openapi, info: { title: info.title, version: "used by the web app" }, paths: {}, components: { schemas: sorted } };
}

/** `description` as the name of a property is an object, and stays. */
function withoutDescriptions(value) {
  if (Array.isArray(value)) return value.map(withoutDescriptions);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([name, member]) => name !== "description" || typeof member !== "string");
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutDescriptions(member)]));
}

export async function typesOf(document) {
  const copy = structuredClone(document);
  Object.values(copy.components.schemas).forEach(requireInEachVariant);
  const nodes = await openapiTypes(copy, { defaultNonNullable: false, immutable: true });
  return `// Written by dev/api-types.mjs from openapi.json; do not edit.\n${astToString(nodes)}`;
}

/** Required members of a schema with variants are required in each of them, which the generator does not see. */
function requireInEachVariant({ oneOf, required = [] }) {
  for (const variant of oneOf ?? []) {
    const own = required.filter((name) => name in (variant.properties ?? {}));
    if (own.length > 0) variant.required = [...new Set([...own, ...(variant.required ?? [])])];
  }
}

async function read(source) {
  if (!/^https?:/.test(source)) return JSON.parse(await readFile(source, "utf8"));
  const response = await fetch(new URL("/openapi/v1.json", source));
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return await response.json();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const source = process.argv[2];
  const document = source ? reduce(await read(source)) : await read(committed);
  if (source) await writeFile(committed, `${JSON.stringify(document, null, 2)}\n`);
  await writeFile(generated, await typesOf(document));
}
