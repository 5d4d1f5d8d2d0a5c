// The official client of OpenAI for Node, 4 to 7: Chat Completions, Responses and models under /v1.
import assert from 'node:assert/strict';
import { ask, assertGrew, assertWhole, base, model, newId, script, until } from './lib/parley.mjs';
import { asked, check, run } from './lib/check.mjs';

const sdks = { 4: () => import('openai4'), 5: () => import('openai5'), 6: () => import('openai6'), 7: () => import('openai7') };
const weather = { type: 'function', function: { name: 'get_weather', description: 'The weather of a city', parameters: { type: 'object', properties: { city: { type: 'string' } } } } };
const question = content => [{ role: 'user', content }];

for (const version of asked(Object.keys(sdks))) {
  const { default: OpenAI } = await sdks[version]();
  const on = (name, body, options) => check(`openai ${version}: ${name}`, body, options);
  const clientOf = (user, more) => new OpenAI({ apiKey: user.token, baseURL: `${base}/v1`, maxRetries: 0, ...more });
  // In 4 the helpers were still in beta, and deleting was abbreviated.
  const helpersOf = client => (version === '4' ? client.beta.chat.completions : client.chat.completions);
  const remove = (client, id) => (version === '4' ? client.responses.del(id) : client.responses.delete(id));
  // Its own option for this is sent by none of them.
  const withKey = () => ({ headers: { 'Idempotency-Key': newId('key') } });
  const header = (error, name) => (typeof error.headers.get === 'function' ? error.headers.get(name) : error.headers[name]);
  const all = async stream => {
    const items = [];
    for await (const item of stream) items.push(item);
    return items;
  };
  const contentOf = chunks => chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('');
  const errorOf = async promise => {
    try {
      await promise;
    } catch (error) {
      return error;
    }
    return assert.fail('it did not fail');
  };

  on('the models are listed, and each is found by its name', async user => {
    const client = clientOf(user);
    const models = await all(client.models.list());
    assert.ok(models.length > 0 && models.every(one => one.object === 'model' && Number.isInteger(one.created) && one.owned_by), 'each is a model');
    for (const { id } of models) assert.equal((await client.models.retrieve(id)).id, id);
    assert.ok(models.some(one => one.id.endsWith('scripted')), 'the scripted model is there');
    const error = await errorOf(client.models.retrieve('unknown/model'));
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
  });

  on('a completion', async user => {
    const completion = await clientOf(user).chat.completions.create({ model, messages: question(ask.short) });
    assert.deepEqual([completion.object, completion.choices.length, completion.choices[0].finish_reason, completion.choices[0].message.role], ['chat.completion', 1, 'stop', 'assistant']);
    assertWhole(completion.choices[0].message.content, 12);
    assert.equal(completion.choices[0].message.tool_calls, undefined);
    assert.equal(completion.usage.completion_tokens, 12);
    assert.equal(completion.usage.total_tokens, completion.usage.prompt_tokens + 12);
    assert.ok(completion._request_id, 'x-request-id');
    assert.ok(Math.abs(completion.created - Date.now() / 1000) < 120, 'created is now, in seconds');
  });

  on('a streamed completion: role first, the reason of the end last, no usage unless requested', async user => {
    const chunks = await all(await clientOf(user).chat.completions.create({ model, messages: question(ask.long), stream: true }));
    assert.equal(new Set(chunks.map(chunk => `${chunk.id} ${chunk.created} ${chunk.model} ${chunk.object}`)).size, 1);
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.ok(chunks.every(chunk => chunk.choices.length === 1 && chunk.choices[0].index === 0 && !chunk.usage), 'one choice in each chunk, no usage');
    assert.deepEqual(chunks.filter(chunk => chunk.choices[0].finish_reason !== null).map(chunk => chunk.choices[0].finish_reason), ['stop']);
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    assert.ok(chunks.length > 5, 'it came in pieces');
    assertWhole(contentOf(chunks), 100);
  });

  on('usage, where it was asked for: in a last chunk without choices', async user => {
    const chunks = await all(await clientOf(user).chat.completions.create({ model, messages: question(ask.short), stream: true, stream_options: { include_usage: true } }));
    const last = chunks.pop();
    assert.deepEqual([last.choices, last.usage.completion_tokens], [[], 12]);
    assert.ok(chunks.every(chunk => chunk.usage === null), 'null in the others');
  });

  on('the streaming helper', async user => {
    const stream = helpersOf(clientOf(user)).stream({ model, messages: question(ask.long) });
    const texts = [];
    stream.on('content', (_, text) => texts.push(text));
    const completion = await stream.finalChatCompletion();
    assertGrew(texts);
    assert.equal(completion.choices[0].message.content, texts.at(-1));
    assertWhole(texts.at(-1), 100);
  });

  on('reasoning is beside the content, under both names', async user => {
    const chunks = await all(await clientOf(user).chat.completions.create({ model, messages: question(ask.reasoning), stream: true }));
    for (const name of ['reasoning', 'reasoning_content'])
      assert.equal(chunks.map(chunk => chunk.choices[0].delta[name] ?? '').join(''), 'Überlegung 1. Überlegung 2. Überlegung 3. ', name);
    assertWhole(contentOf(chunks), 5);
    const completion = await clientOf(user).chat.completions.create({ model, messages: question(ask.reasoning) });
    assertWhole(completion.choices[0].message.content, 5);
  });

  on("a call of the caller's tool, streamed and not", async user => {
    const client = clientOf(user);
    const request = { model, messages: question(ask.callerTool), tools: [weather] };
    const streamed = await helpersOf(client).stream(request).finalChatCompletion();
    const whole = await client.chat.completions.create(request);
    for (const { choices: [choice] } of [streamed, whole]) {
      assert.equal(choice.finish_reason, 'tool_calls');
      assert.equal(choice.message.tool_calls.length, 1);
      assert.equal(choice.message.tool_calls[0].function.name, 'get_weather');
      assert.deepEqual(JSON.parse(choice.message.tool_calls[0].function.arguments), { city: 'Paris' });
    }
  });

  on('the helper that runs tools continues with their results', async user => {
    let called = null;
    const runner = helpersOf(clientOf(user)).runTools({
      model,
      messages: question(ask.callerTool),
      stream: true,
      tools: [{ type: 'function', function: { ...weather.function, parse: JSON.parse, function: args => { called = args; return '{"temperature":21}'; } } }],
    });
    assertWhole(await runner.finalContent(), 4);
    assert.deepEqual(called, { city: 'Paris' });
  });

  on('a tool that the server runs is not given to the client', async user => {
    const chunks = await all(await clientOf(user).chat.completions.create({ model, messages: question(ask.tool), stream: true }));
    assert.ok(chunks.every(chunk => chunk.choices[0].delta.tool_calls === undefined), 'no tool_calls');
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    assertWhole(contentOf(chunks), 4);
  });

  on('messages of all roles, text as a string or in parts', async user => {
    const completion = await clientOf(user).chat.completions.create({
      model,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'First.' }] },
        { role: 'assistant', content: 'Yes.' },
        { role: 'user', content: [{ type: 'text', text: 'Then this: ' }, { type: 'text', text: ask.short }] },
      ],
      temperature: 0.2,
      max_tokens: 1000,
      user: 'user-1',
      metadata: { a: 'b' },
    });
    assertWhole(completion.choices[0].message.content, 12);
  });

  on('an unknown model', async user => {
    const error = await errorOf(clientOf(user).chat.completions.create({ model: 'unknown/model', messages: question('x') }));
    assert.ok(error instanceof OpenAI.NotFoundError, error.constructor.name);
    assert.equal(error.code, 'model_not_found');
    assert.ok(error.type && error.message, 'type and message');
  });

  on('an invalid request gets an error that names the parameter', async user => {
    for (const body of [{ model, messages: [] }, { model, messages: 'x' }, { model, messages: [{ role: 'king', content: 'x' }] }]) {
      const error = await errorOf(clientOf(user).chat.completions.create(body));
      assert.ok(error instanceof OpenAI.BadRequestError, `${JSON.stringify(body)} was answered ${error.status}`);
      assert.match(error.param ?? '', /^messages/);
    }
  });

  on('too many requests: said with its headers, and tried again as often as the client wants', async user => {
    const request = { model, messages: question(ask.rateLimit) };
    for (const stream of [false, true]) {
      const error = await errorOf(clientOf(user).chat.completions.create({ ...request, stream }));
      assert.ok(error instanceof OpenAI.RateLimitError, error.constructor.name);
      assert.equal(error.code, 'rate_limit_exceeded');
      assert.ok(header(error, 'retry-after') !== null, 'retry-after');
    }
    let attempts = 0;
    const counted = (input, init) => {
      attempts++;
      return fetch(input, init);
    };
    await errorOf(clientOf(user, { maxRetries: 2, fetch: counted }).chat.completions.create(request));
    assert.equal(attempts, 3);
  });

  on('an error in mid-answer is an error, after the text before it', async user => {
    const chunks = [];
    const error = await errorOf((async () => {
      for await (const chunk of await clientOf(user).chat.completions.create({ model, messages: question(ask.error), stream: true })) chunks.push(chunk);
    })());
    assert.ok(error instanceof OpenAI.APIError, error.constructor.name);
    assert.match(error.message, /[a-z]/i);
    assertWhole(contentOf(chunks), 5);
    assert.ok(chunks.every(chunk => chunk.choices[0].finish_reason === null), 'it did not look like an end');
    const helper = await errorOf(helpersOf(clientOf(user)).stream({ model, messages: question(ask.error) }).finalChatCompletion());
    assert.ok(helper instanceof OpenAI.OpenAIError, 'the helper fails too');
  });

  on('an error of a completion that is not streamed is a 500, and is not tried again', async user => {
    let attempts = 0;
    const counted = (input, init) => {
      attempts++;
      return fetch(input, init);
    };
    const error = await errorOf(clientOf(user, { maxRetries: 2, fetch: counted }).chat.completions.create({ model, messages: question(ask.error) }));
    assert.ok(error instanceof OpenAI.InternalServerError, error.constructor.name);
    assert.equal(attempts, 1);
  });

  on('a client that disconnects in mid-answer does not end it', async user => {
    const { data: stream, response } = await clientOf(user).chat.completions.create({ model, messages: question(ask.long), stream: true }).withResponse();
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 5) break;
    const generation = await user.ended(response.headers.get('x-generation-id'));
    assert.equal(generation.status, 'completed');
    assert.equal(generation.usage.outputTokens, 100);
  });

  on('the same idempotency key is the same answer, streamed or not, at once or later', async user => {
    const client = clientOf(user);
    const request = { model, messages: question(ask.long) };
    const options = withKey();
    const streamed = async () => {
      const { data, response } = await client.chat.completions.create({ ...request, stream: true }, options).withResponse();
      return { id: response.headers.get('x-generation-id'), text: contentOf(await all(data)) };
    };
    const [one, other] = await Promise.all([streamed(), streamed()]);
    const later = await streamed();
    assertWhole(one.text, 100);
    assert.deepEqual([other, later], [one, one]);

    const key = withKey();
    const ids = await Promise.all([1, 2].map(async () => (await client.chat.completions.create(request, key)).id));
    assert.equal(ids[0], ids[1]);
    const error = await errorOf(client.chat.completions.create({ model, messages: question('Something else') }, key));
    assert.ok(error instanceof OpenAI.UnprocessableEntityError, error.constructor.name);
  });

  on('a connection that is lost before the answer came is tried again, and asks once', async user => {
    const generations = [];
    let attempts = 0;
    const losing = async (input, init) => {
      const response = await fetch(input, init);
      generations.push(response.headers.get('x-generation-id'));
      if (attempts++ > 0) return response;
      await response.body.cancel();
      throw new TypeError('fetch failed');
    };
    const client = clientOf(user, { maxRetries: 2, fetch: losing });
    const completion = await all(await client.chat.completions.create({ model, messages: question(ask.short), stream: true }, withKey()));
    assertWhole(contentOf(completion), 12);
    assert.equal(generations.length, 2);
    assert.equal(generations[0], generations[1]);
  });

  on('heartbeats of a silent model do no harm', async user => {
    const client = clientOf(user);
    const completion = await helpersOf(client).stream({ model, messages: question(ask.silent) }).finalChatCompletion();
    assertWhole(completion.choices[0].message.content, 12);
    const response = await client.responses.stream({ model, input: ask.silent }).finalResponse();
    assertWhole(response.output.find(item => item.type === 'message').content[0].text, 12);
  }, { seconds: 90 });

  on('a long answer comes whole', async user => {
    const chunks = await all(await clientOf(user).chat.completions.create({ model, messages: question(script({ tokens: 5000, delay: 0 })), stream: true }));
    assertWhole(contentOf(chunks), 5000);
  });

  on('a response', async user => {
    const client = clientOf(user);
    const response = await client.responses.create({ model, input: ask.short });
    assert.deepEqual([response.object, response.status, response.error, response.incomplete_details], ['response', 'completed', null, null]);
    assertWhole(response.output_text, 12);
    assert.equal(response.usage.output_tokens, 12);
    const again = await client.responses.retrieve(response.id);
    assert.deepEqual([again.id, again.status, again.output], [response.id, 'completed', response.output]);
  });

  on('a streamed response: numbered events, created first, completed last', async user => {
    const events = await all(await clientOf(user).responses.create({ model, input: ask.long, stream: true }));
    assert.deepEqual(events.map(event => event.sequence_number), events.map((_, i) => i));
    assert.deepEqual([events[0].type, events.at(-1).type], ['response.created', 'response.completed']);
    const text = events.filter(event => event.type === 'response.output_text.delta').map(event => event.delta).join('');
    assertWhole(text, 100);
    assert.equal(events.find(event => event.type === 'response.output_text.done').text, text);
    assert.equal(events.at(-1).response.output.find(item => item.type === 'message').content[0].text, text);
    const ids = events.filter(event => event.type === 'response.output_text.delta').map(event => event.item_id);
    assert.deepEqual([...new Set(ids)], [events.find(event => event.type === 'response.output_item.added' && event.item.type === 'message').item.id]);
  });

  on('the streaming helper of responses', async user => {
    const stream = clientOf(user).responses.stream({ model, input: ask.long });
    let text = '';
    stream.on('response.output_text.delta', event => { text += event.delta; });
    const response = await stream.finalResponse();
    assert.equal(response.status, 'completed');
    assertWhole(text, 100);
    assert.equal(response.output.find(item => item.type === 'message').content[0].text, text);
  });

  on('input as items, with instructions', async user => {
    const response = await clientOf(user).responses.create({
      model,
      instructions: 'Be brief.',
      input: [{ role: 'developer', content: 'Be kind.' }, { role: 'user', content: [{ type: 'input_text', text: ask.short }] }],
      metadata: { a: 'b' },
    });
    assertWhole(response.output_text, 12);
    assert.deepEqual([response.instructions, response.metadata], ['Be brief.', { a: 'b' }]);
  });

  on('a response that follows another', async user => {
    const client = clientOf(user);
    const first = await client.responses.create({ model, input: ask.short });
    const second = await client.responses.create({ model, input: ask.reasoning, previous_response_id: first.id });
    assert.equal(second.previous_response_id, first.id);
    assertWhole(second.output_text, 5);
  });

  on("a call of the caller's tool, and its output", async user => {
    const client = clientOf(user);
    const tools = [{ type: 'function', strict: false, ...weather.function }];
    const first = await client.responses.stream({ model, input: ask.callerTool, tools }).finalResponse();
    const call = first.output.find(item => item.type === 'function_call');
    assert.deepEqual([call.name, JSON.parse(call.arguments)], ['get_weather', { city: 'Paris' }]);
    const second = await client.responses.create({
      model,
      tools,
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: '{"temperature":21}' }],
    });
    assertWhole(second.output_text, 4);
  });

  on('reasoning of a response', async user => {
    const response = await clientOf(user).responses.stream({ model, input: ask.reasoning }).finalResponse();
    assertWhole(response.output.find(item => item.type === 'message').content[0].text, 5);
  });

  on('an error in the middle of a response is a failed response', async user => {
    const events = await all(await clientOf(user).responses.create({ model, input: ask.error, stream: true }));
    const { type, response } = events.at(-1);
    assert.deepEqual([type, response.status], ['response.failed', 'failed']);
    assert.match(response.error.message, /^[A-Z]/);
    assertWhole(events.filter(event => event.type === 'response.output_text.delta').map(event => event.delta).join(''), 5);
  });

  on('a background response is left, and followed from any event on', async user => {
    const client = clientOf(user);
    const seen = [];
    let id = null;
    for await (const event of await client.responses.create({ model, input: ask.long, stream: true, background: true })) {
      id ??= event.response.id;
      seen.push(event);
      if (seen.length === 12) break;
    }
    const rest = await all(await client.responses.retrieve(id, { stream: true, starting_after: seen.at(-1).sequence_number }));
    const whole = await all(await client.responses.retrieve(id, { stream: true }));
    const textOf = events => events.filter(event => event.type === 'response.output_text.delta').map(event => event.delta).join('');
    assertWhole(textOf(whole), 100);
    assert.deepEqual([...seen, ...rest], whole, 'an event is the same for every reader, at any time');
    for (const at of [0, 3, 7, whole.length - 2]) {
      const from = await all(await client.responses.retrieve(id, { stream: true, starting_after: whole[at].sequence_number }));
      assert.deepEqual(from, whole.slice(at + 1), `from after ${at} on`);
    }

    let helped = '';
    const helper = client.responses.stream({ response_id: id, starting_after: seen.at(-1).sequence_number });
    helper.on('response.output_text.delta', event => { helped += event.delta; });
    assert.equal((await helper.finalResponse()).status, 'completed');
    assert.equal(textOf(seen) + helped, textOf(whole), 'the helper, too');
  });

  on('a background response is polled', async user => {
    const client = clientOf(user);
    const begun = await client.responses.create({ model, input: ask.long, background: true });
    assert.ok(['queued', 'in_progress'].includes(begun.status), begun.status);
    const done = await until(async () => {
      const now = await client.responses.retrieve(begun.id);
      return now.status === 'completed' && now;
    }, 'it completes');
    assertWhole(done.output.find(item => item.type === 'message').content[0].text, 100);
  });

  on('a background response is cancelled, once and again', async user => {
    const client = clientOf(user);
    const begun = await client.responses.create({ model, input: ask.endless, background: true });
    assert.equal((await client.responses.cancel(begun.id)).status, 'cancelled');
    assert.equal((await client.responses.cancel(begun.id)).status, 'cancelled');
    assert.equal((await client.responses.retrieve(begun.id)).status, 'cancelled');
  });

  on('a deleted response is gone', async user => {
    const client = clientOf(user);
    const response = await client.responses.create({ model, input: ask.short });
    await remove(client, response.id);
    assert.ok((await errorOf(client.responses.retrieve(response.id))) instanceof OpenAI.NotFoundError);
  });

  on('a response of another user is not found', async user => {
    const response = await clientOf(user).responses.create({ model, input: ask.short });
    const other = clientOf(user.other());
    for (const attempt of [() => other.responses.retrieve(response.id), () => other.responses.cancel(response.id), () => remove(other, response.id)])
      assert.ok((await errorOf(attempt())) instanceof OpenAI.NotFoundError);
  });
}

await run({ atOnce: 8 });
