// The OpenAI-compatible provider of the AI SDK, with ai 7: it judges every frame by a schema.
import assert from 'node:assert/strict';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import * as ai from 'ai7';
import { z } from 'zod';
import { ask, assertGrew, assertWhole, base, model } from './lib/parley.mjs';
import { check, run } from './lib/check.mjs';

const on = (name, body) => check(`@ai-sdk/openai-compatible: ${name}`, body, { seconds: 60 });
const modelOf = user => createOpenAICompatible({ name: 'parley', baseURL: `${base}/v1`, apiKey: user.token, includeUsage: true }).chatModel(model);

/** A stream that is read to its end: its text as it grew, and what it reported as an error. */
async function read(options) {
  const seen = { texts: [], errors: [] };
  const result = ai.streamText({ maxRetries: 0, onError: ({ error }) => seen.errors.push(error), ...options });
  // Each is rejected where the stream fails; who wants one awaits it.
  for (const name of ['usage', 'finishReason', 'text', 'reasoningText', 'steps']) Promise.resolve(result[name]).catch(() => {});
  let text = '';
  try {
    for await (const piece of result.textStream) seen.texts.push((text += piece));
  } catch (error) {
    seen.errors.push(error);
  }
  return { ...seen, text, result };
}

on('streamText', async user => {
  const { texts, text, errors, result } = await read({ model: modelOf(user), prompt: ask.long });
  assert.deepEqual(errors, []);
  assertGrew(texts, 5);
  assertWhole(text, 100);
  assert.deepEqual([await result.finishReason, (await result.usage).outputTokens], ['stop', 100]);
});

on('generateText', async user => {
  const { text, usage, finishReason } = await ai.generateText({ model: modelOf(user), prompt: ask.short, maxRetries: 0 });
  assertWhole(text, 12);
  assert.deepEqual([finishReason, usage.outputTokens], ['stop', 12]);
});

on('reasoning', async user => {
  const { text, result } = await read({ model: modelOf(user), prompt: ask.reasoning });
  assert.equal(await result.reasoningText, 'Überlegung 1. Überlegung 2. Überlegung 3. ');
  assertWhole(text, 5);
});

on('a tool that the SDK runs', async user => {
  const asked = [];
  const tools = { get_weather: ai.tool({ description: 'The weather', inputSchema: z.object({ city: z.string() }), execute: input => { asked.push(input); return { temperature: 21 }; } }) };
  for (const call of [read, async options => ai.generateText({ maxRetries: 0, ...options })]) {
    const { text } = await call({ model: modelOf(user), prompt: ask.callerTool, tools, stopWhen: ai.isStepCount(3) });
    assertWhole(text, 4);
  }
  assert.deepEqual(asked, [{ city: 'Paris' }, { city: 'Paris' }]);
});

on('an error in mid-answer is an error, after the text before it', async user => {
  const { text, errors } = await read({ model: modelOf(user), prompt: ask.error });
  assertWhole(text, 5);
  assert.match(errors[0]?.message ?? '', /^[A-Z].*[.!]$/s, 'the sentence of the server');
});

on('heartbeats of a silent model do no harm', async user => assertWhole((await read({ model: modelOf(user), prompt: ask.silent })).text, 12));

on('too many requests', async user => {
  await assert.rejects(ai.generateText({ model: modelOf(user), prompt: ask.rateLimit, maxRetries: 0 }), error => error.statusCode === 429 && error.isRetryable);
});

on('an unknown model', async user => {
  const nothing = createOpenAICompatible({ name: 'parley', baseURL: `${base}/v1`, apiKey: user.token }).chatModel('unknown/model');
  await assert.rejects(ai.generateText({ model: nothing, prompt: 'x', maxRetries: 0 }), error => error.statusCode === 404 && !error.isRetryable);
});

await run();
