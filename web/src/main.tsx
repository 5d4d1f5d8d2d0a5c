import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { identify } from "./api/identity";
import { watchHistory } from "./lib/router";
import { retryFor, watchNetwork } from "./store/connection";
import { loadConversations, onFeed } from "./store/conversations";
import { drafts } from "./store/drafts";
import { followFeed } from "./store/feed";
import { loadModels } from "./store/models";
import { watchMarks } from "./store/unread";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { watchTheme } from "./ui/theme";
import "./styles/index.css";

watchTheme();
watchHistory();
watchNetwork();
watchMarks();
drafts.recover(null);
void identify(retryFor("identity"));
void loadConversations();
void loadModels();
followFeed(onFeed);

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary>
        <App />
      </ErrorBoundary>
    </StrictMode>,
  );
