// What the pages of all versions show, and how they begin: with the history that the server has.
import { StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';

// Every text of the last answer that was ever shown, in order.
window.texts = [];

export function Page({ messages, input, onInput, onSend, onStop, onRegenerate, onEdit, status, error }) {
  const last = messages.at(-1);
  useEffect(() => {
    if (last?.role === 'assistant') window.texts.push(last.text);
  }, [last?.role, last?.text]);
  return (
    <main>
      {messages.map(({ id, role, text }) => <article key={id} data-id={id} data-role={role}>{text}</article>)}
      <form onSubmit={onSend}>
        <input data-testid="input" value={input} onChange={onInput} />
        <button data-testid="send" type="submit">Send</button>
      </form>
      <button data-testid="stop" type="button" onClick={onStop}>Stop</button>
      <button data-testid="regenerate" type="button" onClick={onRegenerate}>Again</button>
      <button data-testid="edit" type="button" onClick={onEdit}>Edit the first</button>
      <output data-testid="status">{status}</output>
      <output data-testid="error">{error?.message}</output>
    </main>
  );
}

/** `?id=` is the chat, `history=without-answer` leaves out an answer at the end, as an app has it that stores answers when they have ended; `strict` mounts twice. */
export async function start(Chat) {
  const query = new URLSearchParams(location.search);
  const id = query.get('id');
  const response = await fetch(`/chat/history?chatId=${id}`);
  const history = response.ok ? (await response.json()).messages : [];
  if (query.get('history') === 'without-answer' && history.at(-1)?.role === 'assistant') history.pop();
  const chat = <Chat id={id} history={history.map(({ id, role, content }) => ({ id, role, content }))} />;
  createRoot(document.getElementById('root')).render(query.has('strict') ? <StrictMode>{chat}</StrictMode> : chat);
}
