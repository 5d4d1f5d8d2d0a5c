using Parley.Server.Compatibility.Convex;
using Parley.Server.Data.Model;

namespace Parley.Server.OpenApi;

/// <summary>What the <c>data</c> of an event may be. The document has no place of its own for that: it is in the extension <c>x-event-schema</c> of the stream's media type.</summary>
internal static class EventSchemas
{
    public const string Generation = "GenerationEvent",
        Token = "TokenEvent",
        Content = "ContentEvent",
        Feed = "FeedEvent",
        StreamBody = "StreamBodyEvent";

    private static readonly Dictionary<string, string> Schemas = new()
    {
        [Generation] = """
            {
              "description": "An event of the native format. A reader passes over types that it does not know.",
              "type": "object", "required": ["type"],
              "properties": { "position": { "type": "integer", "description": "The position after it, in Durable Streams; elsewhere the event's `id`." } },
              "oneOf": [
                { "title": "start", "required": ["type", "conversationId", "generationId", "messageId", "model"], "properties": { "type": { "const": "start" },
                  "conversationId": { "type": "string" }, "generationId": { "type": "string" }, "messageId": { "type": "string" }, "model": { "type": "string" } } },
                { "title": "typing", "properties": { "type": { "const": "typing" } } },
                { "title": "token", "required": ["type", "content"], "properties": { "type": { "const": "token" }, "content": { "type": "string" } } },
                { "title": "reasoning", "required": ["type", "content"], "properties": { "type": { "const": "reasoning" }, "content": { "type": "string" } } },
                { "title": "tool", "required": ["type", "callId", "name"], "properties": { "type": { "const": "tool" }, "callId": { "type": "string" }, "name": { "type": "string" } } },
                { "title": "tool-arguments", "required": ["type", "callId", "content"], "properties": { "type": { "const": "tool-arguments" },
                  "callId": { "type": "string" }, "content": { "type": "string", "description": "A piece of the call's arguments, which are JSON when they are whole." } } },
                { "title": "tool-result", "required": ["type", "callId"], "properties": { "type": { "const": "tool-result" },
                  "callId": { "type": "string" }, "result": { "description": "What the tool returned." }, "error": { "type": "string", "description": "Why it failed." } } },
                { "title": "seam", "required": ["type", "reason", "model"], "properties": { "type": { "const": "seam" },
                  "reason": { "enum": ["adopted", "continued"] }, "model": { "type": "string" } } },
                { "title": "done", "required": ["type", "finishReason"], "properties": { "type": { "const": "done" },
                  "finishReason": { "enum": ["stop", "length", "stopped", "tool-calls", "content-filter"] }, "usage": { "$ref": "#/components/schemas/GenerationUsage" },
                  "stoppedAt": { "type": "integer", "description": "The position that whoever stopped it had seen." } } },
                { "title": "error", "required": ["type", "code", "message", "retryable", "status"], "properties": { "type": { "const": "error" },
                  "code": { "type": "string" }, "message": { "type": "string" }, "retryable": { "type": "boolean" }, "status": { "enum": ["failed", "interrupted"] } } }
              ]
            }
            """,
        [Token] = """
            {
              "description": "An event of the format `token`.",
              "type": "object", "required": ["type"],
              "oneOf": [
                { "title": "typing", "properties": { "type": { "const": "typing" } } },
                { "title": "token", "required": ["type", "content"], "properties": { "type": { "const": "token" }, "content": { "type": "string" } } },
                { "title": "done", "properties": { "type": { "const": "done" } } },
                { "title": "error", "required": ["type", "message"], "properties": { "type": { "const": "error" }, "message": { "type": "string" } } }
              ]
            }
            """,
        [Content] = """
            {
              "description": "An event of the format `content`.",
              "type": "object", "required": ["content", "delta"],
              "properties": {
                "content": { "type": "string", "description": "The answer so far." },
                "delta": { "type": "string", "description": "What is new of it." },
                "done": { "enum": [true], "description": "In the last event of an answer that did not fail." },
                "finishReason": { "type": "string" },
                "error": { "type": "object", "required": ["code", "message"], "properties": { "code": { "type": "string" }, "message": { "type": "string" } } }
              }
            }
            """,
        [StreamBody] = """
            {
              "description": "A stream's body, whole each time.",
              "type": "object", "required": ["text", "status"],
              "properties": { "text": { "type": "string" }, "status": { "enum": ["pending", "streaming", "done", "error", "timeout"] } }
            }
            """,
        [Feed] = """
            {
              "type": "object", "required": ["type"],
              "oneOf": [
                { "title": "hello", "properties": { "type": { "const": "hello" } } },
                { "title": "conversation", "required": ["type", "conversation"], "properties": { "type": { "const": "conversation" }, "conversation": { "$ref": "#/components/schemas/Conversation" } } },
                { "title": "conversation-deleted", "required": ["type", "id"], "properties": { "type": { "const": "conversation-deleted" }, "id": { "type": "string" } } }
              ]
            }
            """,
    };

    public static string Of(string name) => Schemas[name];
}
