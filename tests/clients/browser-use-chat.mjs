// useChat of AI SDK 4, 5, 6 and 7 in Chromium, as a user uses it.
import assert from 'node:assert/strict';
import { ask, assertGrew, assertWhole, newId, script as directives, until } from './lib/parley.mjs';
import { asked, check, run } from './lib/check.mjs';
import { bundle, inMidAnswer, launch, visit, when } from './lib/pages.mjs';

const browser = await launch();

// Why an answer that is resumed in the page is there twice.
const doubles = {
  5: 'AI SDK 5 adds a replay to what it has when it resumes in the page (vercel/ai#14688)',
  6: 'useChat of @ai-sdk/react 3.0.326 does not tell its Chat that the transport replays, and so adds the replay to what it has; 4.0.177 does',
};

for (const version of asked(['4', '5', '6', '7'])) {
  const script = await (version === '4' ? bundle('use-chat-4.jsx') : bundle('use-chat.jsx', { 'sdk-react': `react-sdk${version}`, sdk: `ai${version}` }));
  const on = (name, body, { known } = {}) => check(`useChat ${version} in Chromium: ${name}`, () => visit(browser, script, body), { known, seconds: 150 });

  const addressOf = (id, more = '') => `/?id=${id}${more}`;
  const answer = page => page.locator('[data-role=assistant]').last();
  const textOf = page => answer(page).textContent();
  const send = async (page, text) => {
    await page.getByTestId('input').pressSequentially(text.slice(0, 8));
    await page.getByTestId('input').fill(text);
    await page.getByTestId('send').click();
  };
  const whenShown = (page, characters) => when(page, least => ([...document.querySelectorAll('[data-role=assistant]')].at(-1)?.textContent.length ?? 0) >= least, characters);
  const whenStatus = (page, status) => when(page, expected => document.querySelector('[data-testid=status]')?.textContent === expected, status);
  // ready is also what a page is before it has begun: a run of it is over when there is an answer, too.
  const whenAnswered = async (page, count = 1) => {
    await when(page, expected => document.querySelectorAll('[data-role=assistant]').length === expected, count);
    await whenStatus(page, 'ready');
  };
  const rolesOf = page => page.locator('article').evaluateAll(articles => articles.map(article => article.dataset.role));
  const mustShowWhatIsStored = async (visitor, page) => {
    const stored = await visitor.stored();
    assert.deepEqual(await page.locator('article').allTextContents(), stored.map(message => message.content));
  };

  on('typed, sent, and the answer grows', async visitor => {
    const page = await visitor.open(addressOf(newId()));
    await send(page, ask.long);
    await whenAnswered(page);
    assertWhole(await textOf(page), 100);
    assertGrew(await page.evaluate(() => window.texts), 5);
    assert.equal(await page.getByTestId('error').textContent(), '');
    await mustShowWhatIsStored(visitor, page);
  });

  /** Loads a page again while its answer is being written. */
  const reloadedInMidAnswer = (visitor, address, { times = 1 } = {}) => inMidAnswer(async tokens => {
    const page = await visitor.open(`${address}&id=${newId()}`);
    await send(page, directives({ tokens, delay: 20 }));
    let before = '';
    for (let i = 0; i < times; i++) {
      if (!await isBeingWritten(visitor, page, before.length + 60)) return null;
      before = await textOf(page);
      await page.reload();
    }
    return await isBeingWritten(visitor, page, before.length) ? { page, before } : null;
  });

  /** True when this many characters of a running answer are shown; false when it ended before. */
  const isBeingWritten = (visitor, page, characters) => until(async () => {
    const shown = await page.evaluate(() => ({ status: document.querySelector('[data-testid=status]')?.textContent, length: [...document.querySelectorAll('[data-role=assistant]')].at(-1)?.textContent.length ?? 0 }));
    if (shown.status === 'streaming' && shown.length >= characters) return 'yes';
    const last = (await visitor.stored()).at(-1);
    return last?.role === 'assistant' && last.status !== 'running' && 'no';
  }, 'the answer is shown, or has ended', 20).then(answer => answer === 'yes');

  on('reloaded in mid-answer: the same answer, to its end', async visitor => {
    const { page, before, tokens } = await reloadedInMidAnswer(visitor, '/?history=without-answer');
    assert.ok((await textOf(page)).startsWith(before), 'what was seen before is there again');
    await whenAnswered(page);
    assertWhole(await textOf(page), tokens);
    assertGrew(await page.evaluate(() => window.texts));
    await mustShowWhatIsStored(visitor, page);
  });

  on('reloaded in mid-answer, twice, in strict mode', async visitor => {
    const { page, tokens } = await reloadedInMidAnswer(visitor, '/?history=without-answer&strict', { times: 2 });
    await whenAnswered(page);
    assertWhole(await textOf(page), tokens);
    assert.deepEqual(await rolesOf(page), ['user', 'assistant']);
  });

  if (version !== '4') {
    on('reloaded in mid-answer with a part of it in the history: it is there once', async visitor => {
      const { page, tokens } = await reloadedInMidAnswer(visitor, '/?history=all');
      await whenStatus(page, 'ready');
      assert.deepEqual(await rolesOf(page), ['user', 'assistant']);
      assertWhole(await textOf(page), tokens);
      await mustShowWhatIsStored(visitor, page);
    });

    on('the network is lost in mid-answer, and the page looked at again: no word is lost or doubled', async visitor => {
      const page = await visitor.open(addressOf(newId()));
      await send(page, directives({ tokens: 250, delay: 20 }));
      await whenShown(page, 80);
      assert.equal(visitor.cut('POST', '/api/chat'), 1);
      await whenStatus(page, 'error');
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await whenStatus(page, 'ready');
      assert.deepEqual(await rolesOf(page), ['user', 'assistant']);
      assertWhole(await textOf(page), 250);
    }, { known: doubles[version] });

    on('an earlier message is edited', async visitor => {
      const page = await visitor.open(addressOf(newId()));
      await send(page, ask.short);
      await whenAnswered(page);
      await send(page, ask.short);
      await whenAnswered(page, 2);
      await page.getByTestId('input').fill(ask.reasoning);
      await page.getByTestId('edit').click();
      await whenAnswered(page, 1);
      await mustShowWhatIsStored(visitor, page);
      assertWhole(await textOf(page), 5);
    });
  }

  on('the network is lost in mid-answer, and the page is reloaded', async visitor => {
    const { page, tokens } = await inMidAnswer(async tokens => {
      const page = await visitor.open(addressOf(newId(), '&history=without-answer'));
      await send(page, directives({ tokens, delay: 20 }));
      await whenShown(page, 80);
      assert.equal(visitor.cut('POST', '/api/chat'), 1);
      await whenStatus(page, 'error');
      await page.reload();
      return await isBeingWritten(visitor, page, 80) ? { page } : null;
    });
    await whenAnswered(page);
    assertWhole(await textOf(page), tokens);
  });

  on('opened in another tab in mid-answer', async visitor => {
    const { page, other, tokens } = await inMidAnswer(async tokens => {
      const id = newId();
      const page = await visitor.open(addressOf(id));
      await send(page, directives({ tokens, delay: 20 }));
      await whenShown(page, 40);
      const other = await visitor.open(addressOf(id, '&history=without-answer'));
      return await isBeingWritten(visitor, other, 40) ? { page, other } : null;
    });
    await Promise.all([whenAnswered(page), whenAnswered(other)]);
    assertWhole(await textOf(page), tokens);
    assert.equal(await textOf(other), await textOf(page));
  });

  on('stopped: what was written is kept, and is there after a reload', async visitor => {
    const page = await visitor.open(addressOf(newId()));
    await send(page, ask.endless);
    await whenShown(page, 80);
    await page.getByTestId('stop').click();
    await whenStatus(page, 'ready');
    const shown = await textOf(page);
    const stored = await until(async () => {
      const last = (await visitor.stored()).at(-1);
      return last.status !== 'running' && last;
    }, 'it has ended');
    assert.equal(stored.status, 'stopped');
    assert.ok(stored.content.startsWith(shown), 'it begins with what was shown');
    assert.ok(stored.content.length < 4000 * 4, 'and did not run to its end');
    await page.reload();
    await whenShown(page, 1);
    assert.equal(await textOf(page), stored.content);
  });

  on('answered again', async visitor => {
    const page = await visitor.open(addressOf(newId()));
    await send(page, ask.short);
    await whenAnswered(page);
    const first = await answer(page).getAttribute('data-id');
    await page.getByTestId('regenerate').click();
    await when(page, id => ![undefined, id].includes([...document.querySelectorAll('[data-role=assistant]')].at(-1)?.dataset.id), first);
    await whenAnswered(page);
    assert.deepEqual(await rolesOf(page), ['user', 'assistant']);
    await mustShowWhatIsStored(visitor, page);
    assert.equal((await visitor.stored()).at(-1).siblings.length, 2);
  });

  on('several turns, with a reload between them', async visitor => {
    const page = await visitor.open(addressOf(newId()));
    await send(page, ask.short);
    await whenAnswered(page);
    await page.reload();
    await whenShown(page, 1);
    await send(page, ask.reasoning);
    await whenAnswered(page, 2);
    assert.deepEqual(await rolesOf(page), ['user', 'assistant', 'user', 'assistant']);
    await mustShowWhatIsStored(visitor, page);
  });

  on('too many requests are said', async visitor => {
    const page = await visitor.open(addressOf(newId()));
    await send(page, ask.http429);
    await whenStatus(page, 'error');
    assert.match(await page.getByTestId('error').textContent(), /limit/i);
  });

  on('an error in mid-answer keeps the text', async visitor => {
    const page = await visitor.open(addressOf(newId()));
    await send(page, ask.error);
    await whenStatus(page, 'error');
    assertWhole(await textOf(page), 5);
    await page.reload();
    await whenShown(page, 1);
    assertWhole(await textOf(page), 5);
  });
}

await run({ atOnce: 3 });
