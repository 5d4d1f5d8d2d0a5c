using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>A parsed request to the Responses API.</summary>
public sealed record OpenAIResponsesRequest
{
    private const int MaxReferences = 1000;

    /// <summary>The model's name as the client sent it.</summary>
    public required string Model { get; init; }

    /// <summary>The input, without the messages of the previous Responses.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>The model's parameters, the client's tools, and its instructions.</summary>
    public required ChatOptions Options { get; init; }

    /// <summary>The names of the tools that the client runs.</summary>
    public required IReadOnlySet<string> DeclaredTools { get; init; }

    /// <summary>The client's metadata.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>The instructions to the model; those of previous Responses do not apply. They are also in <see cref="Options"/>.</summary>
    public string? Instructions => Options.Instructions;

    /// <summary>The Response to continue.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>Whether the response is a stream of events; otherwise one object.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether the response is sent immediately; the client retrieves the output later.</summary>
    public bool Background { get; init; }

    /// <summary>Whether the Response can be retrieved later.</summary>
    public bool Store { get; init; } = true;

    /// <summary>Reads a request's body. Parameters that are not supported are refused; unknown members are ignored.</summary>
    public static bool TryParse(
        JsonElement body,
        [NotNullWhen(true)] out OpenAIResponsesRequest? request,
        [NotNullWhen(false)] out OpenAIRefusal? refusal
    ) => TryParse(body, null, out request, out refusal);

    /// <summary>The ids of earlier items that an input refers to; at most 1,000.</summary>
    public static IReadOnlyList<string> ReferencedItems(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("input", out var input) && input.ValueKind == JsonValueKind.Array
            ?
            [
                .. input
                    .EnumerateArray()
                    .Where(static item => TextOf(item, "type") == "item_reference")
                    .Select(static item => TextOf(item, "id"))
                    .OfType<string>()
                    .Distinct()
                    .Take(MaxReferences),
            ]
            : [];

    private static string? TextOf(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Reads a request's body whose input may refer to items of earlier Responses.</summary>
    /// <param name="body">The request's body.</param>
    /// <param name="itemOf">Returns the contents of an item by its id (see <see cref="OpenAIItems"/>), or null when it does not
    /// exist.</param>
    /// <param name="request">The request.</param>
    /// <param name="refusal">Why the request is refused.</param>
    public static bool TryParse(
        JsonElement body,
        Func<string, IReadOnlyList<AIContent>?>? itemOf,
        [NotNullWhen(true)] out OpenAIResponsesRequest? request,
        [NotNullWhen(false)] out OpenAIRefusal? refusal
    )
    {
        var reader = new OpenAIRequestReader { ItemOf = itemOf };
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

    private static OpenAIResponsesRequest Read(OpenAIRequestReader reader, JsonElement body)
    {
        RefuseUnsupported(reader, body);
        var options = new ChatOptions();
        OpenAIRequestOptions.ReadSampling(reader, body, options);
        options.MaxOutputTokens = reader.Integer(body, "max_output_tokens", "max_output_tokens", 1);
        options.Instructions = reader.Text(body, "instructions", "instructions");
        if (reader.Object(body, "reasoning", "reasoning") is { } reasoning)
        {
            OpenAIRequestOptions.ReadEffort(reader, reasoning, "effort", "reasoning.effort", options);
        }

        if (reader.Object(body, "text", "text") is { } text && reader.Object(text, "format", "text.format") is { } format)
        {
            OpenAIRequestOptions.ReadFormat(reader, format, "text.format", null, options);
        }

        var tools = OpenAIRequestOptions.ReadTools(reader, body, null, options);
        var request = new OpenAIResponsesRequest
        {
            Model = reader.RequiredText(body, "model", "model"),
            Messages = OpenAIResponsesInput.Read(reader, body),
            Options = options,
            DeclaredTools = tools,
            Metadata = OpenAIRequestOptions.ReadMetadata(reader, body),
            PreviousResponseId = reader.Text(body, "previous_response_id", "previous_response_id"),
            Stream = reader.Flag(body, "stream", "stream") ?? false,
            Background = reader.Flag(body, "background", "background") ?? false,
            Store = reader.Flag(body, "store", "store") ?? true,
        };
        if (request is { Background: true, Store: false })
        {
            reader.Refuse(
                "'background' requires 'store' to be true, as the response is retrieved later.",
                "background",
                OpenAIErrorCodes.InvalidValue
            );
        }

        return request;
    }

    private static void RefuseUnsupported(OpenAIRequestReader reader, JsonElement body)
    {
        if (reader.Integer(body, "top_logprobs", "top_logprobs", 0) > 0)
        {
            reader.Unsupported("top_logprobs", "Leave it out.");
        }

        if (
            reader.Array(body, "include", "include") is { } include
            && include.EnumerateArray().Any(item => OpenAIRequestReader.Is(item, "message.output_text.logprobs"))
        )
        {
            reader.Refuse(
                "'include' with 'message.output_text.logprobs' is not supported here.",
                "include",
                OpenAIErrorCodes.UnsupportedValue
            );
        }

        if (reader.Text(body, "truncation", "truncation") is not (null or "auto" or "disabled"))
        {
            reader.WrongValue("truncation", "auto or disabled");
        }

        if (OpenAIRequestReader.Find(body, "conversation") is not null)
        {
            reader.Unsupported("conversation", "Use 'previous_response_id'.");
        }

        if (OpenAIRequestReader.Find(body, "prompt") is not null)
        {
            reader.Unsupported("prompt", "Send its text as 'instructions' or 'input'.");
        }
    }
}
