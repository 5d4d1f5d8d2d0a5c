// A TCP proxy that cuts responses after a number of bytes, counted from the first of the status line.
import net from 'node:net';
import { base } from './parley.mjs';

const target = new URL(base);

/**
 * Starts one. `cutAfter(n)` says after how many bytes the answer to request n (from 0) is cut; Infinity is never. With `reset` the connection is reset, otherwise
 * it is closed: then everything before the cut arrives for certain.
 */
export async function cuttingProxy(cutAfter, { reset = false } = {}) {
  const proxy = { requests: [], answers: [], cuts: 0 };
  const sockets = new Set();
  const server = net.createServer(client => {
    const upstream = net.connect(Number(target.port || 80), target.hostname);
    let head = '';
    let answer = null;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
    // What was passed on must still go out.
    upstream.on('close', () => client.writableEnded || client.destroy());

    client.on('data', bytes => {
      head += bytes.toString('latin1');
      if (head.includes('\r\n\r\n')) {
        answer = { bytes: [], length: 0, limit: cutAfter(proxy.requests.length) };
        proxy.requests.push(head);
        proxy.answers.push(answer);
        head = '';
      }
      upstream.write(bytes);
    });

    upstream.on('data', bytes => {
      if (answer === null || client.destroyed || client.writableEnded) return;
      const passed = bytes.subarray(0, Math.max(0, answer.limit - answer.length));
      answer.bytes.push(passed);
      answer.length += passed.length;
      if (answer.length < answer.limit) {
        client.write(passed);
        return;
      }
      proxy.cuts++;
      answer.limit = 0;
      if (reset) client.write(passed, () => client.resetAndDestroy());
      else client.end(passed);
      upstream.destroy();
    });
    upstream.on('end', () => client.end());
  });
  await new Promise((resolve, reject) => server.listen(0, '127.0.0.1', 1024, resolve).on('error', reject));
  proxy.base = `http://127.0.0.1:${server.address().port}`;
  proxy.close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return proxy;
}

/** What a client could read of an answer's body: without the status line, headers and the lengths of chunks. */
export function bodyOf(answer) {
  const bytes = Buffer.concat(answer.bytes);
  let at = bytes.indexOf('\r\n\r\n');
  if (at < 0) return '';
  const isChunked = /^transfer-encoding: chunked/im.test(bytes.toString('latin1', 0, at));
  at += 4;
  if (!isChunked) return bytes.toString('utf8', at);
  const parts = [];
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    const length = line < 0 ? 0 : Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (!length) return Buffer.concat(parts).toString('utf8');
    parts.push(bytes.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
}

/** Runs a function for each item, a limited number at once. */
export async function forEach(items, atOnce, body) {
  const waiting = [...items];
  const worker = async () => {
    while (waiting.length > 0) await body(waiting.shift());
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
