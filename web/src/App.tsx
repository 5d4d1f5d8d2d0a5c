import { type ReactNode, useEffect, useState } from "react";
import { ChatView } from "./chat/ChatView";
import { useCell } from "./lib/cell";
import { route } from "./lib/router";
import { Sidebar } from "./sidebar/Sidebar";
import { announcement } from "./store/announcer";
import { conversations } from "./store/conversations";
import { stop } from "./store/send";
import { strings } from "./strings";
import { HelpDialog } from "./ui/HelpDialog";
import { useShortcuts } from "./ui/useShortcuts";

export function App(): ReactNode {
  const { conversationId } = useCell(route);
  const list = useCell(conversations);
  const [drawer, setDrawer] = useState(false);
  const [help, setHelp] = useState(false);
  const title = list.items.find((item) => item.id === conversationId)?.title;
  useEffect(() => {
    document.title = title ? `${title} · ${strings.app}` : strings.app;
  }, [title]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation was chosen
  useEffect(() => setDrawer(false), [conversationId]);
  useShortcuts({ openDrawer: () => setDrawer(true), openHelp: () => setHelp(true), stop: () => stop(conversationId) });
  return (
    <>
      <a className="skip-link" href="#composer">
        {strings.skipToComposer}
      </a>
      <div className="app">
        <Sidebar open={drawer} onClose={() => setDrawer(false)} onHelp={() => setHelp(true)} />
        <ChatView conversationId={conversationId} title={title} onOpenList={() => setDrawer(true)} />
      </div>
      <HelpDialog open={help} onClose={() => setHelp(false)} />
      <Announcer />
    </>
  );
}

function Announcer(): ReactNode {
  return (
    <div className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {useCell(announcement)}
    </div>
  );
}
