// Streams in Redis that a second reader can join.
import { createClient } from 'redis'
import { createResumableStreamContext } from 'resumable-stream'

export async function openStreams(url) {
  const publisher = createClient({ url })
  const subscriber = createClient({ url })
  await Promise.all([publisher.connect(), subscriber.connect()])
  const context = createResumableStreamContext({ waitUntil: null, publisher, subscriber })
  return {
    create: (id, make) => context.createNewResumableStream(id, make),
    join: id => context.resumeExistingStream(id),
  }
}
