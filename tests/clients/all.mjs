// Runs every file and version of suite.json, a few at a time; with arguments only those whose names contain one of them.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const words = process.argv.slice(2);
const rows = JSON.parse(readFileSync(new URL('suite.json', import.meta.url)))
  .flatMap(({ file, versions }) => (versions ?? [null]).map(version => [file, version].filter(Boolean)))
  .filter(row => words.length === 0 || words.some(word => row.join(' ').includes(word)));
const failed = [];

const run = row => new Promise(resolve => {
  const child = spawn(process.execPath, row, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', bytes => { output += bytes; });
  child.on('close', code => {
    console.log(`\n${row.join(' ')}\n${output.trimEnd()}`);
    if (code !== 0) failed.push(row.join(' '));
    resolve();
  });
});

const waiting = [...rows];
await Promise.all(Array.from({ length: Math.min(3, availableParallelism() + 1) }, async () => {
  while (waiting.length > 0) await run(waiting.shift());
}));
console.log(failed.length > 0 ? `\nfailed: ${failed.join(', ')}` : `\nall ${rows.length} passed`);
process.exit(failed.length > 0 || rows.length === 0 ? 1 : 0);
