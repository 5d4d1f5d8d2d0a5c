import { Search } from "lucide-react";
import { Fragment, type ReactNode, useCallback, useState } from "react";
import type { Conversation } from "../api/types";
import { useCell } from "../lib/cell";
import { route } from "../lib/router";
import { conversations, loadConversations, loadMore, remove } from "../store/conversations";
import { marks } from "../store/unread";
import { strings } from "../strings";
import { ageGroup } from "../ui/time";
import { ConversationItem } from "./ConversationItem";
import { DeleteDialog } from "./DeleteDialog";

export function ConversationList({ onChosen }: { onChosen: () => void }): ReactNode {
  const list = useCell(conversations);
  const { conversationId } = useCell(route);
  const { unread } = useCell(marks);
  const [filter, setFilter] = useState("");
  const [deleting, setDeleting] = useState<Conversation | null>(null);
  const closeDialog = useCallback(() => setDeleting(null), []);
  const wanted = filter.trim().toLowerCase();
  const items = wanted ? list.items.filter((item) => item.title.toLowerCase().includes(wanted)) : list.items;
  return (
    <>
      <label className="filter">
        <Search aria-hidden />
        <span className="visually-hidden">{strings.filter}</span>
        <input id="filter" type="search" placeholder={strings.filter} value={filter} onChange={(event) => setFilter(event.target.value)} />
      </label>
      <div className="conversation-list">
        {list.state === "failed" ? (
          <p className="list-note" role="alert">
            {strings.listFailed}{" "}
            <button type="button" className="link-button" onClick={() => void loadConversations()}>
              {strings.tryAgain}
            </button>
          </p>
        ) : null}
        {list.problem ? (
          <p className="list-note problem" role="alert">
            {list.problem}
          </p>
        ) : null}
        {list.state === "loading" ? <Skeleton /> : null}
        {list.state === "ready" && items.length === 0 ? (
          <p className="list-note">{wanted ? strings.filterNoMatch : strings.listEmpty}</p>
        ) : null}
        {groupsOf(items).map(([group, members]) => (
          <Fragment key={group}>
            <h2>{group}</h2>
            <ul>
              {members.map((item) => (
                <ConversationItem
                  key={item.id}
                  conversation={item}
                  active={item.id === conversationId}
                  unread={unread.includes(item.id)}
                  onChosen={onChosen}
                  onDelete={setDeleting}
                />
              ))}
            </ul>
          </Fragment>
        ))}
        {list.nextCursor && !wanted ? (
          <button type="button" className="button quiet load-more" disabled={list.loadingMore} onClick={() => void loadMore()}>
            {list.loadingMore ? strings.loading : strings.loadMore}
          </button>
        ) : null}
      </div>
      <DeleteDialog conversation={deleting} onClose={closeDialog} onDelete={(id) => void remove(id)} />
    </>
  );
}

function groupsOf(items: readonly Conversation[]): [string, Conversation[]][] {
  const groups = new Map<string, Conversation[]>();
  for (const item of items) {
    const name = ageGroup(item.lastMessageAt ?? item.createdAt);
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return [...groups];
}

function Skeleton(): ReactNode {
  return (
    <div className="skeleton" aria-hidden>
      <i />
      <i />
      <i />
      <i />
    </div>
  );
}
