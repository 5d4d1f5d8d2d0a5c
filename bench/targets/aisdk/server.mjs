// A chat server built from the AI SDK and common libraries.
//   POST /api/chat {"message","model"}   the response as a UI message stream; its id is in X-Stream-Id
//   GET  /api/chat/{id}/stream           joins that stream
//   GET  /health
// Environment: PORT, UPSTREAM (…/v1), DATABASE_URL, REDIS_URL
import http from 'node:http'
import { once } from 'node:events'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { JsonToSseTransformStream, UI_MESSAGE_STREAM_HEADERS, streamText, toUIMessageStream } from 'ai'
import { openStore } from './store.mjs'
import { openStreams } from './streams.mjs'

const { PORT, UPSTREAM, DATABASE_URL, REDIS_URL } = process.env
const provider = createOpenAICompatible({ name: 'bench', baseURL: UPSTREAM, apiKey: 'bench', includeUsage: true })
const store = await openStore(DATABASE_URL)
const streams = await openStreams(REDIS_URL)

async function readJson(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

async function send(response, stream, headers = {}) {
  response.writeHead(200, { ...UI_MESSAGE_STREAM_HEADERS, ...headers })
  for await (const chunk of stream)
    if (!response.write(chunk)) await once(response, 'drain')
  response.end()
}

async function chat(request, response) {
  const { message, model } = await readJson(request)
  const id = await store.begin(message)
  const result = streamText({
    model: provider.chatModel(model),
    messages: [{ role: 'user', content: message }],
    onFinish: ({ text, usage }) => store.finish(id, text, usage.totalTokens ?? null),
  })
  const events = () => toUIMessageStream({ stream: result.stream }).pipeThrough(new JsonToSseTransformStream())
  await send(response, await streams.create(id, events), { 'x-stream-id': id })
}

async function join(id, response) {
  const stream = await streams.join(id)
  if (stream) await send(response, stream)
  else response.writeHead(204).end()
}

async function route(request, response) {
  const joined = /^\/api\/chat\/([^/]+)\/stream$/.exec(request.url)
  if (request.method === 'POST' && request.url === '/api/chat') return chat(request, response)
  if (request.method === 'GET' && joined) return join(joined[1], response)
  response.writeHead(request.url === '/health' ? 200 : 404).end()
}

http.createServer((request, response) => {
  route(request, response).catch(error => {
    console.error(error)
    if (!response.headersSent) response.writeHead(500)
    response.end()
  })
}).listen(Number(PORT), '127.0.0.1')
