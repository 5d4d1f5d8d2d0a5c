// useChat of AI SDK 4, as an app would use it. It resumes when asked to, and only where the last message waits for its answer.
import { useChat } from 'react-sdk4';
import { useEffect } from 'react';
import { Page, start } from './page.jsx';

function Chat({ id, history }) {
  const { messages, input, handleInputChange, handleSubmit, reload, stop, status, error, experimental_resume } = useChat({ id, initialMessages: history });
  useEffect(() => {
    if (history.at(-1)?.role === 'user') experimental_resume();
  }, []);
  return (
    <Page
      messages={messages.map(({ id, role, content }) => ({ id, role, text: content }))}
      input={input}
      onInput={handleInputChange}
      onSend={handleSubmit}
      onStop={() => {
        stop();
        fetch(`/api/chat/${id}/stop`, { method: 'POST' });
      }}
      onRegenerate={() => reload()}
      status={status}
      error={error}
    />
  );
}

await start(Chat);
