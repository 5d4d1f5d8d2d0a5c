// Conversations and messages in PostgreSQL: the minimum that such an application stores.
import { randomUUID } from 'node:crypto'
import pg from 'pg'

const schema = `
  create table if not exists conversation (
    id uuid primary key, title text not null, created_at timestamptz not null default now());
  create table if not exists message (
    id uuid primary key, conversation_id uuid not null references conversation on delete cascade,
    role text not null, content text not null, tokens int, created_at timestamptz not null default now());
  create index if not exists message_of_conversation on message (conversation_id, created_at);`

export async function openStore(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 20 })
  await pool.query(schema)

  const addMessage = (conversationId, role, content, tokens = null) =>
    pool.query('insert into message (id, conversation_id, role, content, tokens) values ($1, $2, $3, $4, $5)',
      [randomUUID(), conversationId, role, content, tokens])

  return {
    async begin(prompt) {
      const id = randomUUID()
      await pool.query('insert into conversation (id, title) values ($1, $2)', [id, prompt.slice(0, 100)])
      await addMessage(id, 'user', prompt)
      return id
    },
    finish: (conversationId, text, tokens) => addMessage(conversationId, 'assistant', text, tokens),
    close: () => pool.end(),
  }
}
