// Convex's React hooks in Chromium: useMutation, useQuery, and useStream of @convex-dev/persistent-text-streaming, driving and watching.
import assert from 'node:assert/strict';
import { ask, assertGrew, assertWhole, script } from './lib/parley.mjs';
import { check, run } from './lib/check.mjs';
import { bundle, inMidAnswer, launch, visit, when } from './lib/pages.mjs';

const browser = await launch();
const page = await bundle('convex.jsx');
const on = (name, body, { known = null, address = '/' } = {}) => check(`useStream in Chromium: ${name}`, () => visit(browser, page, async visitor => body(visitor, await visitor.open(address))), { known, seconds: 60 });

const create = async (page, prompt) => {
  await page.getByTestId('input').fill(prompt);
  await page.getByTestId('send').click();
  return page.locator('article').getAttribute('data-stream');
};
const whenStatus = (page, status) => page.waitForSelector(`article[data-status=${status}]`);
const textOf = page => page.locator('article').textContent();

on('who creates a chat drives its stream', async (visitor, page) => {
  await create(page, ask.long);
  await whenStatus(page, 'streaming');
  await whenStatus(page, 'done');
  assertWhole(await textOf(page), 100);
  assertGrew(await page.evaluate(() => window.texts), 5);
  await page.waitForSelector('li[data-status=completed]');
  assert.equal((await visitor.stored()).at(-1).content, await textOf(page));
});

on('who creates a chat drives its stream, in strict mode', async (_, page) => {
  await create(page, ask.short);
  await page.waitForSelector('article[data-status=done]', { timeout: 5000 });
}, { address: '/?strict', known: 'useStream 0.3.3 leaves its stream when React mounts it twice, and does not begin again' });

on('who watches sees the same, while it comes', async visitor => {
  const { page, watcher, tokens } = await inMidAnswer(async tokens => {
    const page = await visitor.open('/');
    const streamId = await create(page, script({ tokens, delay: 20 }));
    const watcher = await visitor.open(`/?watch=${streamId}`);
    await watcher.waitForSelector('article:not([data-status=pending])');
    return await watcher.locator('article').getAttribute('data-status') === 'streaming' ? { page, watcher } : null;
  });
  await Promise.all([whenStatus(page, 'done'), whenStatus(watcher, 'done')]);
  assertWhole(await textOf(page), tokens);
  assert.equal(await textOf(watcher), await textOf(page));
  assertGrew(await watcher.evaluate(() => window.texts));
});

on('a page opened after the end shows the whole answer', async (visitor, page) => {
  const streamId = await create(page, ask.short);
  await whenStatus(page, 'done');
  const later = await visitor.open(`/?watch=${streamId}`);
  await whenStatus(later, 'done');
  assert.equal(await textOf(later), await textOf(page));
});

on('the driver leaves: the answer is completed, and shown when the page is opened again', async (visitor, page) => {
  const streamId = await create(page, ask.long);
  await whenStatus(page, 'streaming');
  await page.goto(`/?watch=${streamId}`);
  await whenStatus(page, 'done');
  assertWhole(await textOf(page), 100);
});

on('a second driver is sent to the database, and shows the same', async (visitor, page) => {
  const streamId = await create(page, script({ tokens: 250, delay: 20 }));
  await whenStatus(page, 'streaming');
  const second = await visitor.open(`/?watch=${streamId}&driven`);
  await Promise.all([whenStatus(page, 'done'), whenStatus(second, 'done')]);
  assertWhole(await textOf(second), 250);
});

on('an error in mid-answer: the driver hears of it, and keeps the text', async (visitor, page) => {
  await create(page, ask.error);
  await when(page, () => document.querySelector('article')?.dataset.status === 'error' && document.querySelector('article').textContent !== '');
  assertWhole(await textOf(page), 5);
  await page.waitForSelector('li[data-status=error]');
});

await run({ atOnce: 3 });
