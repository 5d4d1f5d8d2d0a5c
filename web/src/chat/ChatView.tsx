import { Menu } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useCell } from "../lib/cell";
import { leaveThread, openThread } from "../store/openThread";
import { threadOf } from "../store/thread";
import { markRead } from "../store/unread";
import { strings } from "../strings";
import { Composer } from "./Composer";
import { ConnectionBanner } from "./ConnectionBanner";
import { EmptyState } from "./EmptyState";
import { MessageLog } from "./MessageLog";
import { ThreadProblem } from "./ThreadProblem";

type Props = { conversationId: string | null; title: string | undefined; onOpenList: () => void };

export function ChatView({ conversationId, title, onOpenList }: Props): ReactNode {
  const thread = useCell(threadOf(conversationId));
  useEffect(() => {
    if (!conversationId) return;
    void openThread(conversationId);
    const onVisible = (): void => {
      if (document.visibilityState === "visible") markRead(conversationId);
    };
    onVisible();
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      leaveThread(conversationId);
    };
  }, [conversationId]);
  const empty = !conversationId && !thread.pending;
  return (
    <main className={empty ? "chat empty" : "chat"}>
      <header className="chat-head">
        <button type="button" className="icon-button only-narrow" aria-label={strings.openList} onClick={onOpenList}>
          <Menu aria-hidden />
        </button>
        <h1>{title ?? (conversationId ? strings.app : strings.newChat)}</h1>
      </header>
      <ConnectionBanner />
      {empty ? (
        <EmptyState />
      ) : thread.state === "missing" || thread.state === "failed" ? (
        <ThreadProblem state={thread.state} onRetry={() => conversationId && void openThread(conversationId)} />
      ) : (
        <MessageLog key={conversationId ?? "new"} conversationId={conversationId} thread={thread} />
      )}
      <Composer conversationId={conversationId} thread={thread} />
    </main>
  );
}
