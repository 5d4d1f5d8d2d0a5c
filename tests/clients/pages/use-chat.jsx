// useChat of AI SDK 5, 6 and 7, as an app would use it. `sdk-react` and `sdk` are given their version by the bundler.
import { useChat } from 'sdk-react';
import { DefaultChatTransport } from 'sdk';
import { useState } from 'react';
import { Page, start } from './page.jsx';

function Chat({ id, history }) {
  const [input, setInput] = useState('');
  const { messages, sendMessage, regenerate, stop, status, error } = useChat({
    id,
    messages: history.map(({ id, role, content }) => ({ id, role, parts: [{ type: 'text', text: content }] })),
    resume: true,
    transport: new DefaultChatTransport({ api: '/api/chat' }),
  });
  return (
    <Page
      messages={messages.map(({ id, role, parts }) => ({ id, role, text: parts.filter(part => part.type === 'text').map(part => part.text).join('') }))}
      input={input}
      onInput={event => setInput(event.target.value)}
      onSend={event => {
        event.preventDefault();
        sendMessage({ text: input });
        setInput('');
      }}
      onStop={() => {
        stop();
        fetch(`/api/chat/${id}/stop`, { method: 'POST' });
      }}
      onRegenerate={() => regenerate()}
      onEdit={() => sendMessage({ text: input, messageId: messages.find(message => message.role === 'user').id })}
      status={status}
      error={error}
    />
  );
}

await start(Chat);
