// A page of text streams: a chat is created, its creator drives the stream, and all others watch it.
import { useStream } from '@convex-dev/persistent-text-streaming/react';
import { ConvexProvider, ConvexReactClient, useMutation, useQuery } from 'convex/react';
import { anyApi } from 'convex/server';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

const api = anyApi.ai_chat;
const client = new ConvexReactClient(location.origin, { skipConvexDeploymentUrlCheck: true });
// Made once: the hook leaves its stream when it is given another.
const streamUrl = new URL('/chat-stream', location.origin);
window.texts = [];

function Body({ streamId, driven }) {
  const { text, status } = useStream(api.getChatBody, streamUrl, driven, streamId);
  useEffect(() => {
    window.texts.push(text);
  }, [text]);
  return <article data-status={status} data-stream={streamId}>{text}</article>;
}

function AIChat({ userId }) {
  const [prompt, setPrompt] = useState('');
  const [created, setCreated] = useState(null);
  const createChat = useMutation(api.createChat);
  const chats = useQuery(api.listChats, { user_id: userId });
  const watched = new URLSearchParams(location.search).get('watch');
  return (
    <main>
      <form onSubmit={async event => {
        event.preventDefault();
        setCreated(await createChat({ user_id: userId, prompt }));
      }}>
        <input data-testid="input" value={prompt} onChange={event => setPrompt(event.target.value)} />
        <button data-testid="send" type="submit">Send</button>
      </form>
      {created && <Body streamId={created.streamId} driven />}
      {watched && <Body streamId={watched} driven={new URLSearchParams(location.search).has('driven')} />}
      <ul>{chats?.map(chat => <li key={chat.stream_id} data-stream={chat.stream_id} data-status={chat.status}>{chat.title}</li>)}</ul>
    </main>
  );
}

const { id } = await (await fetch('/api/v1/me')).json();
const chat = (
  <ConvexProvider client={client}>
    <AIChat userId={id} />
  </ConvexProvider>
);
createRoot(document.getElementById('root')).render(new URLSearchParams(location.search).has('strict') ? <StrictMode>{chat}</StrictMode> : chat);
