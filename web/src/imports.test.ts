import { posix } from "node:path";
import { expect, test } from "vitest";

/** From the lowest to the highest. A file imports from its own folder and from lower floors only; folders on one floor do not see each other. */
const floors = [
  ["strings.ts"],
  ["lib"],
  ["api"],
  ["streaming"],
  ["store"],
  ["ui"],
  ["markdown"],
  ["chat", "sidebar"],
  ["App.tsx"],
  ["main.tsx"],
];

type Sources = ReadonlyMap<string, string>;

const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file) || file.startsWith("testing/");
const folderOf = (file: string): string => file.split("/")[0] ?? file;
const floorOf = (file: string): number => floors.findIndex((names) => names.includes(folderOf(file)));

/** The files that a file imports: static, for types only, lazily, or as a worker. Stylesheets and packages are left out. */
function importsOf(file: string, sources: Sources): string[] {
  const specifiers = (sources.get(file) ?? "").matchAll(/(?:\bfrom|\bimport|\bnew URL)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...specifiers].flatMap(([, specifier = ""]) => {
    if (specifier.endsWith(".css")) return [];
    const path = posix.join(posix.dirname(file), specifier);
    return [path, `${path}.ts`, `${path}.tsx`].find((candidate) => sources.has(candidate)) ?? `${path} (missing)`;
  });
}

function violationsIn(sources: Sources): string[] {
  const graph = new Map([...sources.keys()].filter((file) => !isTest(file)).map((file) => [file, importsOf(file, sources)]));
  const violations: string[] = [];
  for (const [file, imports] of graph) {
    if (floorOf(file) < 0) violations.push(`${file} is on no floor`);
    for (const target of imports) {
      if (isTest(target)) violations.push(`${file} imports ${target}, which is for tests`);
      else if (!graph.has(target)) violations.push(`${file} imports ${target}`);
      else if (floorOf(target) > floorOf(file)) violations.push(`${file} imports ${target}, which is on a higher floor`);
      else if (floorOf(target) === floorOf(file) && folderOf(target) !== folderOf(file))
        violations.push(`${file} imports ${target}, which is on the same floor`);
    }
  }
  return [...violations, ...circlesIn(graph)];
}

function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    if (path.includes(file)) circles.push(`circle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
    if (done.has(file) || path.includes(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return circles;
}

test("the app's imports lead downwards, without circles", () => {
  const files = import.meta.glob<string>("./**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
  const sources = new Map(Object.entries(files).map(([file, source]) => [file.slice(2), source]));

  expect(violationsIn(sources)).toEqual([]);
  const imports = [...sources.keys()].filter((file) => !isTest(file)).flatMap((file) => importsOf(file, sources));
  expect(imports.length).toBeGreaterThan(150);
});

test.each<[string, Record<string, string>, string]>([
  [
    "a higher floor",
    { "lib/cell.ts": 'import { send } from "../store/send";', "store/send.ts": "" },
    "lib/cell.ts imports store/send.ts, which is on a higher floor",
  ],
  [
    "a type of a higher floor",
    { "api/identity.ts": 'import type { Answer } from "../streaming/answer";', "streaming/answer.ts": "" },
    "api/identity.ts imports streaming/answer.ts, which is on a higher floor",
  ],
  [
    "a higher floor, lazily",
    { "ui/Dialog.tsx": 'const page = () => import("../chat/ChatView");', "chat/ChatView.tsx": "" },
    "ui/Dialog.tsx imports chat/ChatView.tsx, which is on a higher floor",
  ],
  [
    "a worker of a higher floor",
    { "lib/jobs.ts": 'new Worker(new URL("../markdown/a.worker.ts", import.meta.url));', "markdown/a.worker.ts": "" },
    "lib/jobs.ts imports markdown/a.worker.ts, which is on a higher floor",
  ],
  [
    "another folder on the same floor",
    { "chat/Composer.tsx": 'export { List } from "../sidebar/List";', "sidebar/List.tsx": "" },
    "chat/Composer.tsx imports sidebar/List.tsx, which is on the same floor",
  ],
  [
    "a circle",
    { "store/a.ts": 'import "./b";', "store/b.ts": 'import { c } from "./c";', "store/c.ts": 'import type { A } from "./a";' },
    "circle: store/a.ts → store/b.ts → store/c.ts → store/a.ts",
  ],
  ["a folder without a floor", { "helpers/a.ts": "" }, "helpers/a.ts is on no floor"],
  [
    "a file for tests",
    { "lib/a.ts": 'import { b } from "../testing/b";', "testing/b.ts": "" },
    "lib/a.ts imports testing/b.ts, which is for tests",
  ],
  ["a missing file", { "lib/a.ts": 'import { b } from "./b";' }, "lib/a.ts imports lib/b (missing)"],
])("%s is reported", (_, files, violation) => {
  expect(violationsIn(new Map(Object.entries(files)))).toEqual([violation]);
});

test("lower floors, packages and stylesheets are allowed", () => {
  const files = {
    "store/a.ts": 'import { useState } from "react";\nimport { b } from "../lib/b";\nimport { d } from "./d";',
    "store/a.test.ts": 'import { x } from "../chat/X";',
    "store/d.ts": 'import "./d.css";',
    "chat/X.tsx": "",
    "lib/b.ts": "",
  };
  expect(violationsIn(new Map(Object.entries(files)))).toEqual([]);
});
