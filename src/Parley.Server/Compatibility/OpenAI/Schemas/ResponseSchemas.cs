using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.OpenApi;

namespace Parley.Server.Compatibility.OpenAI.Schemas;

// For the API document only: the code reads and writes this JSON by hand.

/// <summary>A request to Responses. <see cref="OpenAIResponsesRequest"/> reads it.</summary>
public sealed record CreateResponseRequest(
    [property: SchemaRequired, Description("`provider/model`, an alias, or `auto`.")] string? Model,
    [property: SchemaRequired, Description("A string, or items.")] JsonElement? Input,
    string? Instructions,
    [property: JsonPropertyName("previous_response_id"), Description("The Response to continue.")] string? PreviousResponseId,
    bool? Stream,
    [property: Description("Responds immediately; the client retrieves the output later.")] bool? Background,
    [property: Description("Whether it can be retrieved later. Default true.")] bool? Store,
    [property: Description("Up to 16 pairs of strings.")] JsonElement? Metadata,
    [property: SchemaRange(0, 2)] double? Temperature,
    [property: JsonPropertyName("top_p"), SchemaRange(0, 1)] double? TopP,
    [property: JsonPropertyName("max_output_tokens")] long? MaxOutputTokens,
    JsonElement? Reasoning,
    JsonElement? Text,
    [property: Description("Functions that the client runs.")] IReadOnlyList<JsonElement>? Tools,
    [property: JsonPropertyName("tool_choice"), Description("`auto`, `none`, `required`, or a function.")] JsonElement? ToolChoice,
    [property: JsonPropertyName("parallel_tool_calls")] bool? ParallelToolCalls
);

/// <summary>A Response in its current state. It repeats fields of the request.</summary>
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

/// <summary>Token usage.</summary>
public sealed record ResponseUsage(
    long InputTokens,
    JsonElement InputTokensDetails,
    long OutputTokens,
    JsonElement OutputTokensDetails,
    long TotalTokens
);
