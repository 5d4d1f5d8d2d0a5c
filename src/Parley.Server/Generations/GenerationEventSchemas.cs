using Parley.Server.OpenApi;

namespace Parley.Server.Generations;

/// <summary>The events of the wire formats that are event streams, for the API document.</summary>
public static class GenerationEventSchemas
{
    public static EventSchema Native { get; } =
        new(
            "GenerationEvent",
            """
            {
              "description": "An event of the native format. Ignore unknown types.",
              "type": "object", "required": ["type"],
              "properties": { "position": { "type": "integer", "description": "The position after the event, in Durable Streams. In other streams it is the event's `id`." } },
              "oneOf": [
                { "title": "start", "required": ["type", "conversationId", "generationId", "messageId", "model"], "properties": { "type": { "const": "start" },
                  "conversationId": { "type": "string" }, "generationId": { "type": "string" }, "messageId": { "type": "string" }, "model": { "type": "string" } } },
                { "title": "typing", "properties": { "type": { "const": "typing" } } },
                { "title": "token", "required": ["type", "content"], "properties": { "type": { "const": "token" }, "content": { "type": "string" } } },
                { "title": "reasoning", "required": ["type", "content"], "properties": { "type": { "const": "reasoning" }, "content": { "type": "string" } } },
                { "title": "tool", "required": ["type", "callId", "name"], "properties": { "type": { "const": "tool" }, "callId": { "type": "string" }, "name": { "type": "string" } } },
                { "title": "tool-arguments", "required": ["type", "callId", "content"], "properties": { "type": { "const": "tool-arguments" },
                  "callId": { "type": "string" }, "content": { "type": "string", "description": "A fragment of the call's arguments, which are JSON once complete." } } },
                { "title": "tool-result", "required": ["type", "callId"], "properties": { "type": { "const": "tool-result" },
                  "callId": { "type": "string" }, "result": { "description": "The tool's result." }, "error": { "type": "string", "description": "The reason why the tool failed." } } },
                { "title": "seam", "required": ["type", "reason", "model"], "properties": { "type": { "const": "seam" },
                  "reason": { "enum": ["adopted", "continued"] }, "model": { "type": "string" } } },
                { "title": "done", "required": ["type", "finishReason"], "properties": { "type": { "const": "done" },
                  "finishReason": { "enum": ["stop", "length", "stopped", "tool-calls", "content-filter"] }, "usage": { "$ref": "#/components/schemas/GenerationUsage" },
                  "stoppedAt": { "type": "integer", "description": "The position that the client which stopped it had displayed." } } },
                { "title": "error", "required": ["type", "code", "message", "retryable", "status"], "properties": { "type": { "const": "error" },
                  "code": { "type": "string" }, "message": { "type": "string" }, "retryable": { "type": "boolean" }, "status": { "enum": ["failed", "interrupted"] } } }
              ]
            }
            """
        );

    public static EventSchema Token { get; } =
        new(
            "TokenEvent",
            """
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
            """
        );

    public static EventSchema Content { get; } =
        new(
            "ContentEvent",
            """
            {
              "description": "An event of the format `content`.",
              "type": "object", "required": ["content", "delta"],
              "properties": {
                "content": { "type": "string", "description": "The text so far." },
                "delta": { "type": "string", "description": "The text since the previous event." },
                "done": { "enum": [true], "description": "In the last event, unless the generation failed." },
                "finishReason": { "type": "string" },
                "error": { "type": "object", "required": ["code", "message"], "properties": { "code": { "type": "string" }, "message": { "type": "string" } } }
              }
            }
            """
        );
}
