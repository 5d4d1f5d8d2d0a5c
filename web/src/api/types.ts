export type GenerationStatus = "running" | "completed" | "stopped" | "failed" | "interrupted";
export type MessageStatus = GenerationStatus | "complete";
export type FinishReason = "stop" | "length" | "stopped" | "tool-calls" | "content-filter";

export type Usage = {
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens?: number;
  reasoningTokens?: number;
  estimated?: boolean;
};

export type AnswerError = { code: string; message: string; retryable: boolean };

export type TextPart = { type: "text" | "reasoning"; text: string; position: number };
export type ToolPart = {
  type: "tool";
  callId: string;
  name: string;
  arguments: string;
  result?: unknown;
  error?: string;
  position: number;
};
export type SeamPart = { type: "seam"; reason: string; model: string; position: number };
export type Part = TextPart | ToolPart | SeamPart;

export type Message = {
  id: string;
  conversationId: string;
  parentId: string | null;
  role: "user" | "assistant" | "system";
  content: string;
  parts: readonly Part[];
  status: MessageStatus;
  model?: string | null;
  finishReason?: string | null;
  usage?: Usage | null;
  error?: AnswerError | null;
  generationId?: string | null;
  position?: number | null;
  stoppedAt?: number | null;
  siblings: readonly string[];
  createdAt: string;
};

export type RunningAnswer = { generationId: string; messageId: string };

export type Conversation = {
  id: string;
  title: string;
  model: string | null;
  messageCount: number;
  totalTokens: number;
  lastMessageAt: string | null;
  lastMessagePreview: string | null;
  createdAt: string;
  updatedAt: string;
  running: readonly RunningAnswer[];
};

export type Model = { id: string; provider: string; name: string; isDefault: boolean };
export type ModelList = { items: readonly Model[]; default: string };
export type ConversationPage = { items: readonly Conversation[]; nextCursor: string | null; total: number };
export type MessagePage = { items: readonly Message[]; previous: string | null };

export type ChatRequest = { message: string; conversationId?: string; parentId?: string; model?: string };

export type GenerationEvent =
  | { type: "start"; conversationId: string; generationId: string; messageId: string; model: string }
  | { type: "typing" }
  | { type: "token"; content: string }
  | { type: "reasoning"; content: string }
  | { type: "tool"; callId: string; name: string }
  | { type: "tool-arguments"; callId: string; content: string }
  | { type: "tool-result"; callId: string; result?: unknown; error?: string }
  | { type: "seam"; reason: string; model: string }
  | { type: "done"; finishReason: string; usage?: Usage | null; stoppedAt?: number | null }
  | { type: "error"; code: string; message: string; retryable: boolean; status: "failed" | "interrupted" };

export type FeedEvent =
  | { type: "hello" }
  | { type: "conversation"; conversation: Conversation }
  | { type: "conversation-deleted"; id: string };
