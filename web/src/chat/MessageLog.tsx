import { ArrowDown } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { loadOlder } from "../store/openThread";
import { shownMessages, type Thread } from "../store/thread";
import { strings } from "../strings";
import { AssistantMessage } from "./AssistantMessage";
import { PendingMessage } from "./PendingMessage";
import { UserMessage } from "./UserMessage";
import { useFollowScroll, useKeepScrollPosition } from "./useFollowScroll";

type Props = { conversationId: string | null; thread: Thread };

export function MessageLog({ conversationId, thread }: Props): ReactNode {
  const { scroller, content, atEnd, toEnd } = useFollowScroll();
  const messages = shownMessages(thread);
  useKeepScrollPosition(scroller, messages[0]?.id);
  const { pending, previous } = thread;
  const asking = pending?.cancel;
  useEffect(() => {
    if (asking) toEnd();
  }, [asking, toEnd]);
  useEffect(() => {
    const element = scroller.current;
    if (!element || !conversationId || !previous) return;
    const onScroll = (): void => {
      if (element.scrollTop < 600) void loadOlder(conversationId);
    };
    if (element.scrollHeight <= element.clientHeight) onScroll();
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [conversationId, previous, scroller]);
  return (
    <div className="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable areas must be reachable by keyboard */}
      <section ref={scroller} className="log" aria-label={strings.log} tabIndex={0}>
        <div ref={content} className="log-content">
          {thread.state === "loading" && messages.length === 0 && !pending ? <LogSkeleton /> : null}
          {thread.loadingOlder ? <p className="older">{strings.older}</p> : null}
          {messages.map((message) =>
            message.role === "assistant" ? (
              <AssistantMessage key={message.id} message={message} />
            ) : (
              <UserMessage key={message.id} message={message} />
            ),
          )}
          {pending ? <PendingMessage pending={pending} conversationId={conversationId} /> : null}
        </div>
      </section>
      {atEnd ? null : (
        <button type="button" className="jump" data-testid="jump-to-latest" onClick={toEnd}>
          <ArrowDown aria-hidden />
          {strings.jumpToLatest}
        </button>
      )}
    </div>
  );
}

function LogSkeleton(): ReactNode {
  return (
    <div className="skeleton wide" role="status">
      <span className="visually-hidden">{strings.loading}</span>
      <i />
      <i />
      <i />
    </div>
  );
}
