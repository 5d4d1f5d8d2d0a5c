using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Http;

namespace Parley.Server.Features.OpenAI;

/// <summary>The bodies of the OpenAI API, for the description of ours: the engine reads and writes them by hand.</summary>
internal static class OpenAISchemas
{
    public static readonly JsonSerializerOptions Json = new(ApiJson.Options)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.Strict,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };
}

/// <summary>What is read of <c>POST /v1/chat/completions</c>.</summary>
public sealed record ChatCompletionRequest(
    [property: Required, Description("`provider/model`, an alias, or `auto`.")] string? Model,
    [property: Required] IReadOnlyList<ChatCompletionMessage>? Messages,
    bool? Stream,
    [property: Description("`include_usage: true` ends a stream with the usage.")] JsonElement? StreamOptions,
    [property: Range(0, 2)] double? Temperature,
    [property: Range(0, 1)] double? TopP,
    int? MaxTokens,
    int? MaxCompletionTokens,
    [property: Range(-2, 2)] double? FrequencyPenalty,
    [property: Range(-2, 2)] double? PresencePenalty,
    [property: Description("A string, or up to four.")] JsonElement? Stop,
    long? Seed,
    [property: AllowedValues("none", "minimal", "low", "medium", "high", "xhigh", "max")] string? ReasoningEffort,
    [property: Description("`text`, `json_object` or `json_schema`.")] JsonElement? ResponseFormat,
    [property: Description("Functions that the client runs.")] IReadOnlyList<JsonElement>? Tools,
    [property: Description("`auto`, `none`, `required`, or a function.")] JsonElement? ToolChoice,
    bool? ParallelToolCalls,
    IReadOnlyDictionary<string, string>? Metadata,
    [property: Description("Keeps the conversation, where the caller's lists show it.")] bool? Store);

/// <summary>A message of such a request.</summary>
public sealed record ChatCompletionMessage(
    [property: Required, AllowedValues("system", "developer", "user", "assistant", "tool")] string? Role,
    [property: Description("A string, or parts.")] JsonElement? Content,
    [property: Description("Calls that the assistant made.")] IReadOnlyList<JsonElement>? ToolCalls,
    [property: Description("Of a tool's message: the call that it answers.")] string? ToolCallId);

/// <summary>What is read of <c>POST /v1/responses</c>.</summary>
public sealed record ResponseRequest(
    [property: Required, Description("`provider/model`, an alias, or `auto`.")] string? Model,
    [property: Required, Description("A string, or items.")] JsonElement? Input,
    string? Instructions,
    [property: Description("The Response that this one goes on from.")] string? PreviousResponseId,
    bool? Stream,
    [property: Description("Answers at once; the client comes back for the output.")] bool? Background,
    [property: Description("Whether it can be retrieved later. Default true.")] bool? Store,
    [property: Range(0, 2)] double? Temperature,
    [property: Range(0, 1)] double? TopP,
    int? MaxOutputTokens,
    JsonElement? Reasoning,
    JsonElement? Text,
    [property: Description("Functions that the client runs.")] IReadOnlyList<JsonElement>? Tools,
    [property: Description("`auto`, `none`, `required`, or a function.")] JsonElement? ToolChoice,
    bool? ParallelToolCalls,
    IReadOnlyDictionary<string, string>? Metadata);

/// <summary>A whole answer of Chat Completions.</summary>
public sealed record ChatCompletion(string Id, [property: JsonPropertyName("object")] string Kind, long Created, string Model, IReadOnlyList<ChatCompletionChoice> Choices, ChatCompletionUsage Usage);

/// <summary>The one choice that there is.</summary>
public sealed record ChatCompletionChoice(
    int Index, ChatCompletionAnswer Message, JsonElement? Logprobs, [property: AllowedValues("stop", "length", "content_filter", "tool_calls")] string FinishReason);

/// <summary>What the model said.</summary>
public sealed record ChatCompletionAnswer(
    string Role, string? Content, string? Refusal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReasoningContent,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reasoning,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? ToolCalls);

/// <summary>What it took.</summary>
public sealed record ChatCompletionUsage(
    long PromptTokens, long CompletionTokens, long TotalTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? PromptTokensDetails,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? CompletionTokensDetails);

/// <summary>A Response as it stands. It repeats the request's fields.</summary>
public sealed record Response(
    string Id, [property: JsonPropertyName("object")] string Kind, long CreatedAt, [property: AllowedValues("queued", "in_progress", "completed", "incomplete", "failed", "cancelled")] string Status, bool Background,
    JsonElement? Error, JsonElement? IncompleteDetails, JsonElement? Instructions, long? MaxOutputTokens, JsonElement Metadata, string Model, IReadOnlyList<ResponseItem> Output, bool ParallelToolCalls,
    string? PreviousResponseId, JsonElement Reasoning, bool Store, double? Temperature, JsonElement Text, JsonElement ToolChoice, IReadOnlyList<JsonElement> Tools, double? TopP, string Truncation,
    ResponseUsage? Usage, string? User);

/// <summary>An item of a Response's output: a message, reasoning, or a call of a function.</summary>
public sealed record ResponseItem(
    string Id, [property: AllowedValues("message", "reasoning", "function_call")] string Type, string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ResponseContent>? Content,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? Summary,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CallId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Arguments);

/// <summary>A part of an item.</summary>
public sealed record ResponseContent(
    string Type, string Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? Annotations,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? Logprobs);

/// <summary>What it took.</summary>
public sealed record ResponseUsage(long InputTokens, JsonElement InputTokensDetails, long OutputTokens, JsonElement OutputTokensDetails, long TotalTokens);
