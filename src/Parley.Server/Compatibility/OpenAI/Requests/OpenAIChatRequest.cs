using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>A parsed request to Chat Completions.</summary>
public sealed record OpenAIChatRequest
{
    /// <summary>The model's name as the client sent it.</summary>
    public required string Model { get; init; }

    /// <summary>The conversation.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>The model's parameters and the client's tools.</summary>
    public required ChatOptions Options { get; init; }

    /// <summary>The names of the tools that the client runs.</summary>
    public required IReadOnlySet<string> DeclaredTools { get; init; }

    /// <summary>The client's metadata.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Whether the response is a stream of chunks; otherwise one object.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether a stream ends with the usage.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Whether the messages are stored as a conversation.</summary>
    public bool Store { get; init; }

    /// <summary>Reads a request's body. Parameters that are not supported are refused; unknown members are ignored.</summary>
    public static bool TryParse(
        JsonElement body,
        [NotNullWhen(true)] out OpenAIChatRequest? request,
        [NotNullWhen(false)] out OpenAIRefusal? refusal
    )
    {
        var reader = new OpenAIRequestReader();
        request = null;
        if (body.ValueKind != JsonValueKind.Object)
        {
            reader.Refuse("Send the request as a JSON object.", null, OpenAIErrorCodes.InvalidType);
        }
        else if (reader.HasValidText(body))
        {
            request = Read(reader, body);
        }

        refusal = reader.Refusal;
        if (refusal is not null)
        {
            request = null;
        }

        return request is not null;
    }

    private static OpenAIChatRequest Read(OpenAIRequestReader reader, JsonElement body)
    {
        RefuseUnsupported(reader, body);
        var options = new ChatOptions();
        OpenAIRequestOptions.ReadSampling(reader, body, options);
        OpenAIRequestOptions.ReadStops(reader, body, options);
        var limit = reader.Integer(body, "max_tokens", "max_tokens", 1);
        options.MaxOutputTokens = reader.Integer(body, "max_completion_tokens", "max_completion_tokens", 1) ?? limit;
        OpenAIRequestOptions.ReadEffort(reader, body, "reasoning_effort", "reasoning_effort", options);
        if (reader.Object(body, "response_format", "response_format") is { } format)
        {
            OpenAIRequestOptions.ReadFormat(reader, format, "response_format", "json_schema", options);
        }

        var tools = OpenAIRequestOptions.ReadTools(reader, body, "function", options);
        return new OpenAIChatRequest
        {
            Model = reader.RequiredText(body, "model", "model"),
            Messages = OpenAIChatMessages.Read(reader, body),
            Options = options,
            DeclaredTools = tools,
            Metadata = OpenAIRequestOptions.ReadMetadata(reader, body),
            Stream = reader.Flag(body, "stream", "stream") ?? false,
            IncludeUsage =
                reader.Object(body, "stream_options", "stream_options") is { } stream
                && reader.Flag(stream, "include_usage", "stream_options.include_usage") == true,
            Store = reader.Flag(body, "store", "store") ?? false,
        };
    }

    private static void RefuseUnsupported(OpenAIRequestReader reader, JsonElement body)
    {
        if (reader.Integer(body, "n", "n", 1) > 1)
        {
            reader.Refuse("'n' must be 1. Send the request again for another answer.", "n", OpenAIErrorCodes.UnsupportedValue);
        }

        if (reader.Flag(body, "logprobs", "logprobs") == true)
        {
            reader.Unsupported("logprobs", "Leave it out.");
        }

        if (reader.Integer(body, "top_logprobs", "top_logprobs", 0) > 0)
        {
            reader.Unsupported("top_logprobs", "Leave it out.");
        }

        if (
            reader.Array(body, "modalities", "modalities") is { } modalities
            && modalities.EnumerateArray().Any(item => !OpenAIRequestReader.Is(item, "text"))
        )
        {
            reader.Refuse("'modalities' must be [\"text\"].", "modalities", OpenAIErrorCodes.UnsupportedValue);
        }

        foreach (
            var (name, instead) in (ReadOnlySpan<(string, string)>)
                [
                    ("audio", "Answers are text."),
                    ("functions", "Use 'tools'."),
                    ("function_call", "Use 'tool_choice'."),
                    ("prediction", "Leave it out."),
                    ("web_search_options", "Leave it out."),
                ]
        )
        {
            if (OpenAIRequestReader.Find(body, name) is not null)
            {
                reader.Unsupported(name, instead);
            }
        }
    }
}
