// Written by dev/api-types.mjs from openapi.json; do not edit.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        readonly ContinueGenerationRequest: {
            readonly model?: null | string;
            readonly stream?: null | boolean;
            readonly position?: null | number;
        };
        readonly Conversation: {
            readonly id: string;
            readonly title: string;
            readonly model?: string;
            readonly messageCount: number;
            readonly totalTokens: number;
            /** Format: date-time */
            readonly lastMessageAt?: string;
            readonly lastMessagePreview?: string;
            /** Format: date-time */
            readonly createdAt: string;
            /** Format: date-time */
            readonly updatedAt: string;
            readonly running: readonly components["schemas"]["Running"][];
        };
        readonly FeedEvent: {
            /** @constant */
            readonly type: "hello";
        } | {
            /** @constant */
            readonly type: "conversation";
            readonly conversation: components["schemas"]["Conversation"];
        } | {
            /** @constant */
            readonly type: "conversation-deleted";
            readonly id: string;
        };
        readonly GenerationError: {
            readonly code: string;
            readonly message: string;
            readonly retryable: boolean;
            readonly retryAfter?: number;
        };
        readonly GenerationEvent: {
            readonly position?: number;
        } & ({
            /** @constant */
            readonly type: "start";
            readonly conversationId: string;
            readonly generationId: string;
            readonly messageId: string;
            readonly model: string;
        } | {
            /** @constant */
            readonly type: "typing";
        } | {
            /** @constant */
            readonly type: "token";
            readonly content: string;
        } | {
            /** @constant */
            readonly type: "reasoning";
            readonly content: string;
        } | {
            /** @constant */
            readonly type: "tool";
            readonly callId: string;
            readonly name: string;
        } | {
            /** @constant */
            readonly type: "tool-arguments";
            readonly callId: string;
            readonly content: string;
        } | {
            /** @constant */
            readonly type: "tool-result";
            readonly callId: string;
            readonly result?: unknown;
            readonly error?: string;
        } | {
            /** @constant */
            readonly type: "seam";
            /** @enum {unknown} */
            readonly reason: "adopted" | "continued";
            readonly model: string;
        } | {
            /** @constant */
            readonly type: "done";
            /** @enum {unknown} */
            readonly finishReason: "stop" | "length" | "stopped" | "tool-calls" | "content-filter";
            readonly usage?: components["schemas"]["GenerationUsage"];
            readonly stoppedAt?: number;
        } | {
            /** @constant */
            readonly type: "error";
            readonly code: string;
            readonly message: string;
            readonly retryable: boolean;
            /** @enum {unknown} */
            readonly status: "failed" | "interrupted";
        });
        readonly GenerationUsage: {
            readonly inputTokens: number;
            readonly outputTokens: number;
            readonly cachedInputTokens?: number;
            readonly reasoningTokens?: number;
            readonly estimated?: boolean;
        };
        readonly ListConversationsPage: {
            readonly items: readonly components["schemas"]["Conversation"][];
            readonly nextCursor: null | string;
            readonly total: number;
        };
        readonly ListMessagesPage: {
            readonly items: readonly components["schemas"]["Message"][];
            readonly previous: null | string;
        };
        readonly Message: {
            readonly id: string;
            readonly conversationId: string;
            readonly parentId?: string;
            readonly role: string;
            readonly content: string;
            readonly parts: readonly components["schemas"]["Part"][];
            /** @enum {string} */
            readonly status: "complete" | "running" | "completed" | "stopped" | "failed" | "interrupted";
            readonly model?: string;
            readonly finishReason?: string;
            readonly usage?: components["schemas"]["GenerationUsage"];
            readonly error?: components["schemas"]["GenerationError"];
            readonly generationId?: string;
            readonly position?: number;
            readonly stoppedAt?: number;
            readonly siblings: readonly string[];
            /** Format: date-time */
            readonly createdAt: string;
        };
        readonly Model: {
            readonly id: string;
            readonly provider: string;
            readonly name: string;
            readonly isDefault: boolean;
        };
        readonly ModelList: {
            readonly items: readonly components["schemas"]["Model"][];
            readonly default?: string;
        };
        readonly Part: {
            readonly type: string;
            readonly position: number;
            readonly text?: string;
            readonly callId?: string;
            readonly name?: string;
            readonly arguments?: string;
            /** @default null */
            readonly result?: unknown;
            readonly error?: string;
            readonly reason?: string;
            readonly model?: string;
        };
        readonly ProblemDetails: {
            readonly type: string;
            readonly title: string;
            readonly status: number;
            readonly detail: string;
            readonly code: string;
            readonly traceId: string;
            readonly errors?: {
                readonly [key: string]: readonly string[];
            };
            readonly conversationId?: string;
            readonly generationId?: string;
            readonly messageId?: string;
        };
        readonly RenameConversationRequest: {
            readonly title: string;
        };
        readonly RetryGenerationRequest: {
            readonly model?: null | string;
            readonly stream?: null | boolean;
        };
        readonly Running: {
            readonly generationId: string;
            readonly messageId: string;
        };
        readonly SingleMessageChatRequest: {
            readonly message: string;
            readonly conversationId?: null | string;
            readonly parentId?: null | string;
            readonly model?: null | string;
            readonly stream?: null | boolean;
        };
        readonly StopGenerationRequest: {
            readonly position?: null | number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
