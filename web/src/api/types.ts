import type { components } from "./generated";

type Schemas = components["schemas"];

export type Conversation = Schemas["Conversation"];
export type ConversationPage = Schemas["ListConversationsPage"];
export type Model = Schemas["Model"];
export type ModelList = Schemas["ModelList"];
export type Usage = Schemas["GenerationUsage"];
export type GenerationEvent = Schemas["GenerationEvent"];
export type GenerationStatus = Exclude<Message["status"], "complete">;
/** An answer's failure; on the stream the members of an `error` event. */
export type GenerationError = Schemas["GenerationError"];
export type FeedEvent = Schemas["FeedEvent"];
export type ProblemDetails = Schemas["ProblemDetails"];

export type SendRequest = Schemas["SingleMessageChatRequest"];
export type RetryRequest = Schemas["RetryGenerationRequest"];
export type ContinueRequest = Schemas["ContinueGenerationRequest"];
export type StopRequest = Schemas["StopGenerationRequest"];
export type RenameRequest = Schemas["RenameConversationRequest"];

// The document describes one part with optional members; these say which of them each type has.
type AnyPart = Schemas["Part"];
type PartOf<Type extends string, Present extends keyof AnyPart, Optional extends keyof AnyPart = never> = {
  readonly type: Type;
} & Required<Pick<AnyPart, "position" | Present>> &
  Pick<AnyPart, Optional>;

export type TextPart = PartOf<"text" | "reasoning", "text">;
export type ToolPart = PartOf<"tool", "callId" | "name" | "arguments", "result" | "error">;
export type SeamPart = PartOf<"seam", "reason" | "model">;
export type Part = TextPart | ToolPart | SeamPart;

export type Message = Omit<Schemas["Message"], "parts"> & { readonly parts: readonly Part[] };
export type MessagePage = Omit<Schemas["ListMessagesPage"], "items"> & { readonly items: readonly Message[] };
