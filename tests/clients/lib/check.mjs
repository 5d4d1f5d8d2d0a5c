// Registers the checks of one file, runs several at once, and reports each as one line: for people, or with --json for programs.
import { setMaxListeners } from 'node:events';
import { inspect, parseArgs, styleText } from 'node:util';
import { User } from './parley.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    'at-once': { type: 'string' },
  },
});
const checks = [];

/** The versions of a file that the command line names; all of them when it names none. */
export function asked(versions) {
  const unknown = positionals.filter(version => !versions.includes(version));
  if (unknown.length > 0) throw new Error(`Unknown version ${unknown.join(', ')}; known: ${versions.join(', ')}.`);
  return positionals.length > 0 ? versions.filter(version => positionals.includes(version)) : versions;
}

/**
 * Registers a check. Its body gets a user of its own, so that checks are isolated from each other.
 * `known` is the reason why a client fails the check whatever the server does. Such a check must fail; when it passes, remove the mark.
 */
export function check(name, body, { known, seconds = 30 } = {}) {
  if (name.includes(options.only)) checks.push({ name, body, known, seconds });
}

/** Runs the registered checks and ends the process. */
export async function run({ atOnce = 4 } = {}) {
  const strays = [];
  process.on('unhandledRejection', error => strays.push(error));
  process.on('uncaughtException', error => strays.push(error));
  const counts = { passed: 0, failed: 0, known: 0 };
  const waiting = [...checks];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) counts[await runOne(next)]++;
  };
  await Promise.all(Array.from({ length: Number(options['at-once'] ?? atOnce) }, worker));
  for (const error of strays) {
    report({ name: 'an unhandled error', outcome: 'failed', seen: said(error) });
    counts.failed++;
  }
  if (checks.length === 0) report({ name: `no check has "${options.only}" in its name`, outcome: 'failed' });
  if (options.json) console.log(JSON.stringify({ outcome: 'end' }));
  else console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.known} known bugs of clients`);
  process.exit(counts.failed > 0 || checks.length === 0 ? 1 : 0);
}

async function runOne({ name, body, known, seconds }) {
  const started = performance.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`The check did not finish within ${seconds} s.`)), seconds * 1000);
  setMaxListeners(0, limit.signal);
  const user = new User(limit.signal);
  let failure = null;
  try {
    const late = new Promise((_, reject) => limit.signal.addEventListener('abort', () => reject(limit.signal.reason)));
    await Promise.race([body(user), late]);
  } catch (error) {
    failure = error;
  } finally {
    clearTimeout(timer);
  }
  const ms = Math.round(performance.now() - started);
  if (known && failure === null) failure = new Error(`The check passes now: remove the mark "${known}".`);
  else if (known) return report({ name, outcome: 'known', known, seen: said(failure), ms });
  return report(failure === null ? { name, outcome: 'passed', ms } : { name, outcome: 'failed', seen: said(failure), ms });
}

function report(result) {
  if (options.json) {
    console.log(JSON.stringify(result));
    return result.outcome;
  }
  const colour = { passed: 'green', failed: 'red', known: 'yellow' }[result.outcome];
  const mark = process.stdout.isTTY ? styleText(colour, result.outcome.padEnd(6)) : result.outcome.padEnd(6);
  console.log(`${mark} ${result.name}${result.ms === undefined ? '' : ` (${result.ms} ms)`}`);
  if (result.known) console.log(`       since ${result.known}`);
  if (result.seen) console.log(result.seen.replace(/^/gm, '       '));
  return result.outcome;
}

/** The message of an error and of its cause, where fetch keeps the reason. */
export const reasonOf = error => (error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message);

function said(error) {
  const text = error instanceof Error ? `${reasonOf(error)}\n${whereabouts(error)}` : inspect(error);
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}

// The first line of the stack in these files.
const whereabouts = error => (error.stack ?? '').split('\n').find(line => line.includes('file://') && !line.includes('node_modules') && !line.includes('/lib/'))?.trim() ?? '';
