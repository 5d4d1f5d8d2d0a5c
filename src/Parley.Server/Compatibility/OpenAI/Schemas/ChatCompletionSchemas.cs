using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.OpenApi;

namespace Parley.Server.Compatibility.OpenAI.Schemas;

// For the API document only: the code reads and writes this JSON by hand.

/// <summary>A request to Chat Completions. <see cref="OpenAIChatRequest"/> reads it.</summary>
public sealed record CreateChatCompletionRequest(
    [property: SchemaRequired, Description("`provider/model`, an alias, or `auto`.")] string? Model,
    [property: SchemaRequired, SchemaType(typeof(IReadOnlyList<ChatCompletionMessage>))] IReadOnlyList<JsonElement>? Messages,
    bool? Stream,
    [property: JsonPropertyName("stream_options"), Description("`include_usage: true` ends a stream with the usage.")]
        JsonElement? StreamOptions,
    [property: Description("Stores the messages as a conversation, which is listed.")] bool? Store,
    [property: Description("Up to 16 pairs of strings.")] JsonElement? Metadata,
    [property: SchemaRange(0, 2)] double? Temperature,
    [property: JsonPropertyName("top_p"), SchemaRange(0, 1)] double? TopP,
    [property: JsonPropertyName("max_tokens")] long? MaxTokens,
    [property: JsonPropertyName("max_completion_tokens")] long? MaxCompletionTokens,
    [property: JsonPropertyName("frequency_penalty"), SchemaRange(-2, 2)] double? FrequencyPenalty,
    [property: JsonPropertyName("presence_penalty"), SchemaRange(-2, 2)] double? PresencePenalty,
    long? Seed,
    [property: Description("A string, or up to four.")] JsonElement? Stop,
    [property: JsonPropertyName("reasoning_effort"), SchemaValues("none", "minimal", "low", "medium", "high", "xhigh", "max")]
        string? ReasoningEffort,
    [property: JsonPropertyName("response_format"), Description("`text`, `json_object` or `json_schema`.")] JsonElement? ResponseFormat,
    [property: Description("Functions that the client runs.")] IReadOnlyList<JsonElement>? Tools,
    [property: JsonPropertyName("tool_choice"), Description("`auto`, `none`, `required`, or a function.")] JsonElement? ToolChoice,
    [property: JsonPropertyName("parallel_tool_calls")] bool? ParallelToolCalls
);

/// <summary>A message of a request to Chat Completions.</summary>
public sealed record ChatCompletionMessage(
    [property: SchemaRequired, SchemaValues("system", "developer", "user", "assistant", "tool")] string? Role,
    [property: Description("A string, or parts.")] JsonElement? Content,
    [property: JsonPropertyName("tool_calls"), Description("Calls that the assistant made.")] IReadOnlyList<JsonElement>? ToolCalls,
    [property: JsonPropertyName("tool_call_id"), Description("The call whose result a tool message has.")] string? ToolCallId
);

/// <summary>A complete Chat Completions response.</summary>
public sealed record ChatCompletion(
    string Id,
    [property: JsonPropertyName("object")] string Kind,
    long Created,
    string Model,
    IReadOnlyList<ChatCompletionChoice> Choices,
    ChatCompletionUsage Usage
);

/// <summary>The only choice of a completion.</summary>
public sealed record ChatCompletionChoice(
    int Index,
    ChatCompletionAnswer Message,
    JsonElement? Logprobs,
    [property: SchemaValues("stop", "length", "content_filter", "tool_calls")] string FinishReason
);

/// <summary>The message of the model.</summary>
public sealed record ChatCompletionAnswer(
    string Role,
    string? Content,
    string? Refusal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReasoningContent,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reasoning,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonElement>? ToolCalls
);

/// <summary>Token usage.</summary>
public sealed record ChatCompletionUsage(
    long PromptTokens,
    long CompletionTokens,
    long TotalTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? PromptTokensDetails,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? CompletionTokensDetails
);
