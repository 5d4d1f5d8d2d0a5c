// React pages in Chromium: bundled here, served by a small server that passes everything else on to Parley, as a reverse proxy in front of an app does.
import http from 'node:http';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import { base } from './parley.mjs';

const target = new URL(base);
const html = '<!doctype html><meta charset="utf-8"><title>A client</title><div id="root"></div><script type="module" src="/page.js"></script>';

/** Bundles `pages/<name>`, with other names for packages. */
export async function bundle(name, alias = {}) {
  const { outputFiles: [file] } = await esbuild.build({
    entryPoints: [fileURLToPath(new URL(`../pages/${name}`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    alias,
    // In development React mounts twice where a page is strict, as app authors have it.
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'error',
  });
  return file.text;
}

/** Serves a page. `cutAfter(path)` says after how many bytes of its body an answer is cut; Infinity is never. */
async function servePage(script, cutAfter) {
  const served = { '/': ['text/html', html], '/page.js': ['text/javascript', script] };
  const running = new Set();

  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, base);
    if (served[pathname]) {
      response.writeHead(200, { 'content-type': `${served[pathname][0]}; charset=utf-8` });
      response.end(served[pathname][1]);
      return;
    }
    const forwarded = http.request({ host: target.hostname, port: target.port, path: request.url, method: request.method, headers: request.headers }, answer => {
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      let left = answer.statusCode === 200 ? cutAfter(pathname) : Infinity;
      answer.on('data', bytes => {
        if (left <= 0) return;
        const passed = bytes.subarray(0, Math.min(bytes.length, left));
        left -= bytes.length;
        response.write(passed, left > 0 ? undefined : () => request.socket.destroy());
      });
      answer.on('end', () => left > 0 && response.end());
      answer.on('error', () => request.socket.destroy());
    });
    const entry = { path: pathname, method: request.method, cut: () => request.socket.destroy() };
    running.add(entry);
    response.on('close', () => {
      running.delete(entry);
      forwarded.destroy();
    });
    forwarded.on('error', () => request.socket.destroy());
    request.pipe(forwarded);
  });
  server.on('upgrade', (request, client, head) => {
    const upstream = net.connect(Number(target.port || 80), target.hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const [one, other] of [[client, upstream], [upstream, client]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  // Longer than any check: a request must not meet the end of its connection.
  server.keepAliveTimeout = 300_000;
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));

  return {
    base: `http://127.0.0.1:${server.address().port}`,
    cut(method, path) {
      const hit = [...running].filter(entry => entry.method === method && entry.path === path);
      for (const entry of hit) entry.cut();
      return hit.length;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The distribution's Chromium, or what CHROMIUM names. */
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** Does something as a visitor: with a server of their own for a page, and a cookie jar. */
export async function visit(browser, script, body, { cutAfter = () => Infinity } = {}) {
  const server = await servePage(script, cutAfter);
  const context = await browser.newContext({ baseURL: server.base });
  const json = async path => {
    const response = await context.request.get(path);
    if (!response.ok()) throw new Error(`GET ${path} answered ${response.status()}: ${(await response.text()).slice(0, 200)}`);
    return response.json();
  };
  try {
    await json('/api/v1/me');
    await body({
      json,
      post: async (path, data) => context.request.post(path, { data }),
      /** Breaks the answers to these that are on their way; returns how many. */
      cut: server.cut,
      /** The messages of the visitor's newest conversation, as the server stored them; none before there is one. */
      stored: async () => {
        const [newest] = (await json('/api/v1/conversations')).items;
        return newest ? (await json(`/api/v1/conversations/${newest.id}/messages?limit=200`)).items : [];
      },
      open: async address => {
        const page = await context.newPage();
        page.setDefaultTimeout(40_000);
        await page.goto(address);
        return page;
      },
    });
  } catch (error) {
    for (const page of context.pages()) error.message += `\n${page.url()} shows: ${(await page.locator('body').innerText()).replace(/\s+/g, ' ').slice(-300)}`;
    throw error;
  } finally {
    await context.close();
    server.close();
  }
}

/** Waits in a page for a condition. Not by animation frames: a page in the background has none. */
export const when = (page, condition, argument) => page.waitForFunction(condition, argument, { polling: 20 });

/** Does something while an answer is being written, and once more with a longer one where the machine was too slow for that: the attempt then returns null. */
export async function inMidAnswer(attempt) {
  for (const tokens of [250, 600, 1200]) {
    const done = await attempt(tokens);
    if (done !== null) return { ...done, tokens };
  }
  throw new Error('Every answer had ended too soon.');
}
