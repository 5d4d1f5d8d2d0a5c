using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Data.Model;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>The answers of the OpenAI API, for its description: the engine writes them by hand.</summary>
internal static class OpenAISchemas
{
    public static readonly JsonSerializerOptions Json = new(ApiJson.Options)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.Strict,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };
}

/// <summary>A message of a request to Chat Completions.</summary>
public sealed record ChatCompletionMessage(
    [property: SchemaRequired, SchemaValues("system", "developer", "user", "assistant", "tool")] string? Role,
    [property: Description("A string, or parts.")] JsonElement? Content,
    [property: JsonPropertyName("tool_calls"), Description("Calls that the assistant made.")] IReadOnlyList<JsonElement>? ToolCalls,
    [property: JsonPropertyName("tool_call_id"), Description("Of a tool's message: the call that it answers.")] string? ToolCallId
);

/// <summary>A whole answer of Chat Completions.</summary>
public sealed record ChatCompletion(
    string Id,
    [property: JsonPropertyName("object")] string Kind,
    long Created,
    string Model,
    IReadOnlyList<ChatCompletionChoice> Choices,
    ChatCompletionUsage Usage
);

/// <summary>The one choice that there is.</summary>
public sealed record ChatCompletionChoice(
    int Index,
    ChatCompletionAnswer Message,
    JsonElement? Logprobs,
    [property: SchemaValues("stop", "length", "content_filter", "tool_calls")] string FinishReason
);

/// <summary>What the model said.</summary>
public sealed record ChatCompletionAnswer(
    string Role,
    string? Content,
    string? Refusal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReasoningContent,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reasoning,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? ToolCalls
);

/// <summary>What it took.</summary>
public sealed record ChatCompletionUsage(
    long PromptTokens,
    long CompletionTokens,
    long TotalTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? PromptTokensDetails,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? CompletionTokensDetails
);

/// <summary>A Response as it stands. It repeats the request's fields.</summary>
public sealed record Response(
    string Id,
    [property: JsonPropertyName("object")] string Kind,
    long CreatedAt,
    [property: SchemaValues("queued", "in_progress", "completed", "incomplete", "failed", "cancelled")] string Status,
    bool Background,
    JsonElement? Error,
    JsonElement? IncompleteDetails,
    JsonElement? Instructions,
    long? MaxOutputTokens,
    JsonElement Metadata,
    string Model,
    IReadOnlyList<ResponseItem> Output,
    bool ParallelToolCalls,
    string? PreviousResponseId,
    JsonElement Reasoning,
    bool Store,
    double? Temperature,
    JsonElement Text,
    JsonElement ToolChoice,
    IReadOnlyList<JsonElement> Tools,
    double? TopP,
    string Truncation,
    ResponseUsage? Usage,
    string? User
);

/// <summary>An item of a Response's output: a message, reasoning, or a call of a function.</summary>
public sealed record ResponseItem(
    string Id,
    [property: SchemaValues("message", "reasoning", "function_call")] string Type,
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ResponseContent>? Content,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? Summary,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CallId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Arguments
);

/// <summary>A part of an item.</summary>
public sealed record ResponseContent(
    string Type,
    string Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? Annotations,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? Logprobs
);

/// <summary>What it took.</summary>
public sealed record ResponseUsage(
    long InputTokens,
    JsonElement InputTokensDetails,
    long OutputTokens,
    JsonElement OutputTokensDetails,
    long TotalTokens
);

/// <summary>The body of an error.</summary>
public sealed record ErrorEnvelope(EnvelopedError Error);

/// <summary>An error.</summary>
public sealed record EnvelopedError(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code
);
