using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.OpenAIResponses;

/// <summary>
/// Reads the events of one answer, straight from their bytes. Each is an object whose <c>type</c> says what it is. Fields may come in any
/// order; unknown events and items are skipped.
/// </summary>
internal sealed class OpenAIResponsesEventReader(string model, int maxToolCallChars) : AnswerReader(model, maxToolCallChars)
{
    private const int MaxOpenCalls = 256;
    private const int MaxResponseIdChars = 256;
    private readonly string _model = model;

    // Whether a piece of the arguments has arrived, by the index of the item.
    private readonly Dictionary<int, bool> _calls = [];
    private bool _hasSummary;

    public override void EndOfBody() => IsDone = true;

    protected override void ReadFrame(ReadOnlySpan<byte> data, bool isError)
    {
        if (!TryOpen(data, isError, out var reader))
        {
            return;
        }

        ReadEvent(ref reader);
        if (isError && Failure is null)
        {
            Fail(ProviderFailure.ReportedError, data);
        }
    }

    private void ReadEvent(ref Utf8JsonReader reader)
    {
        var all = reader;
        var (type, kind, index, code, message) = ("", "", 0, (string?)null, (string?)null);
        Utf8JsonReader part = default,
            text = default,
            error = default;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("type"u8))
            {
                type = ReadText(ref reader) ?? "";
            }
            else if (name.SequenceEqual("object"u8))
            {
                kind = ReadText(ref reader) ?? "";
            }
            else if (name.SequenceEqual("output_index"u8))
            {
                index = (int)Math.Min(ReadCount(ref reader) ?? 0, int.MaxValue);
            }
            else if (name.SequenceEqual("code"u8))
            {
                code = ReadText(ref reader);
            }
            else if (name.SequenceEqual("message"u8))
            {
                message = ReadText(ref reader);
            }
            else if (name.SequenceEqual("delta"u8) && reader.TokenType == JsonTokenType.String)
            {
                text = reader;
            }
            else if ((name.SequenceEqual("response"u8) || name.SequenceEqual("item"u8)) && reader.TokenType == JsonTokenType.StartObject)
            {
                part = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("error"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                error = reader;
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        if (type == "error" || (type.Length == 0 && kind.Length == 0 && error.TokenType == JsonTokenType.StartObject))
        {
            if (error.TokenType == JsonTokenType.StartObject)
            {
                ReadError(ref error);
            }
            else
            {
                Fail(FailureOf(code, message), $"{code} {message}");
            }
        }
        else if (kind == "response" && type.Length == 0)
        {
            ReadResponse(ref all, isWhole: true);
        }
        else if (text.TokenType == JsonTokenType.String)
        {
            ReadDelta(type, index, ref text);
        }
        else if (part.TokenType == JsonTokenType.StartObject)
        {
            ReadPart(type, index, ref part);
        }
        else if (type == "response.reasoning_summary_part.added")
        {
            // The parts of a summary are paragraphs.
            AddReasoning(_hasSummary ? "\\n\\n"u8 : default);
            IsWorking = true;
        }
    }

    private void AddReasoning(ReadOnlySpan<byte> json)
    {
        if (!Answer.IsFinished)
        {
            Answer.AddReasoning(json, escaped: true);
        }
    }

    private void ReadDelta(string type, int index, ref Utf8JsonReader text)
    {
        if (Answer.IsFinished)
        {
            return;
        }

        switch (type)
        {
            case "response.output_text.delta" or "response.refusal.delta":
                Answer.AddText(text.ValueSpan, text.ValueIsEscaped);
                break;
            case "response.reasoning_summary_text.delta" or "response.reasoning_text.delta":
                _hasSummary = true;
                Answer.AddReasoning(text.ValueSpan, text.ValueIsEscaped);
                break;
            case "response.function_call_arguments.delta" when _calls.ContainsKey(index) && ReadText(ref text) is { } piece:
                _calls[index] = true;
                AddCall(index, id: null, name: null, piece);
                break;
        }
    }

    private void ReadPart(string type, int index, ref Utf8JsonReader part)
    {
        switch (type)
        {
            case "response.output_item.added":
                ReadItem(index, isDone: false, ref part);
                break;
            case "response.output_item.done":
                ReadItem(index, isDone: true, ref part);
                break;
            case "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled":
                ReadResponse(ref part, isWhole: false);
                IsDone = true;
                break;
            case "response.created":
                ReadResponse(ref part, isWhole: false);
                break;
        }
    }

    // The response of an event, whose output has been streamed, or the whole answer of a server that does not stream.
    private void ReadResponse(ref Utf8JsonReader reader, bool isWhole)
    {
        var (status, reason) = ("", (string?)null);
        var error = default(Utf8JsonReader);
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("id"u8))
            {
                Answer.ResponseId = ReadText(ref reader) is { Length: <= MaxResponseIdChars } id ? id : Answer.ResponseId;
            }
            else if (name.SequenceEqual("status"u8))
            {
                status = ReadText(ref reader) ?? "";
            }
            else if (name.SequenceEqual("incomplete_details"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                reason = ReadReason(ref reader);
            }
            else if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                Answer.Usage = OpenAIUsageReader.Read(ref reader);
            }
            else if (name.SequenceEqual("error"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                error = reader;
                reader.Skip();
            }
            else if (isWhole && name.SequenceEqual("output"u8) && reader.TokenType == JsonTokenType.StartArray)
            {
                for (var index = 0; reader.Read() && reader.TokenType == JsonTokenType.StartObject; index++)
                {
                    ReadItem(index, isDone: true, ref reader, isWhole);
                }
            }
            else
            {
                reader.Skip();
            }
        }

        if (error.TokenType == JsonTokenType.StartObject)
        {
            ReadError(ref error);
        }

        End(status, reason);
    }

    private static string? ReadReason(ref Utf8JsonReader reader)
    {
        string? reason = null;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("reason"u8))
            {
                reason = ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return reason;
    }

    private void End(string status, string? reason)
    {
        if (Failure is not null)
        {
            return;
        }

        switch (status)
        {
            case "completed":
                Answer.Finish(reason: null);
                break;
            case "incomplete" when reason == "content_filter" && !Answer.HasContent:
                Fail(ProviderFailure.Blocked, reason);
                break;
            case "incomplete":
                Answer.Finish(
                    reason switch
                    {
                        "max_output_tokens" => ChatFinishReason.Length,
                        "content_filter" => ChatFinishReason.ContentFilter,
                        _ => Other,
                    }
                );
                break;
            case "failed" or "cancelled":
                Fail(ProviderFailure.ReportedError, status);
                break;
        }
    }

    private void ReadItem(int index, bool isDone, ref Utf8JsonReader reader, bool isWhole = false)
    {
        var (type, id, callId, tool, arguments, encrypted) = (
            "",
            (string?)null,
            (string?)null,
            (string?)null,
            (string?)null,
            (string?)null
        );
        Utf8JsonReader content = default,
            summary = default;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("type"u8))
            {
                type = ReadText(ref reader) ?? "";
            }
            else if (name.SequenceEqual("id"u8))
            {
                id = ReadText(ref reader);
            }
            else if (name.SequenceEqual("call_id"u8))
            {
                callId = ReadText(ref reader);
            }
            else if (name.SequenceEqual("name"u8))
            {
                tool = ReadText(ref reader);
            }
            else if (name.SequenceEqual("arguments"u8))
            {
                arguments = ReadText(ref reader);
            }
            else if (name.SequenceEqual("encrypted_content"u8))
            {
                encrypted = ReadText(ref reader);
            }
            else if (name.SequenceEqual("content"u8) && reader.TokenType == JsonTokenType.StartArray)
            {
                content = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("summary"u8) && reader.TokenType == JsonTokenType.StartArray)
            {
                summary = reader;
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        if (Answer.IsFinished || Failure is not null)
        {
            return;
        }

        if (isWhole)
        {
            ReadTexts(ref summary, isReasoning: true);
            ReadTexts(ref content, isReasoning: type == "reasoning");
        }

        if (type == "function_call")
        {
            ReadCall(index, isDone, callId ?? id, tool, arguments);
        }
        else if (type == "reasoning")
        {
            IsWorking = true;
            if (isDone && id is not null && encrypted is not null)
            {
                Answer.AddProtectedReasoning(OpenAIResponsesReasoning.Pack(_model, id, encrypted));
            }
        }
    }

    private void ReadCall(int index, bool isDone, string? id, string? tool, string? arguments)
    {
        if (_calls.TryAdd(index, false))
        {
            if (_calls.Count > MaxOpenCalls)
            {
                Fail(ProviderFailure.FrameTooLarge, "open calls");
                return;
            }

            AddCall(index, id, tool ?? "unknown", arguments: null);
        }

        if (!isDone)
        {
            return;
        }

        if (arguments is not null && !_calls[index])
        {
            AddCall(index, id: null, name: null, arguments);
        }

        _calls.Remove(index);
        Answer.EndToolCall(index);
    }

    private void AddCall(int index, string? id, string? name, string? arguments)
    {
        if (!Answer.AddToolCall(index, id, name, arguments))
        {
            Fail(ProviderFailure.FrameTooLarge, "function calls");
        }
    }

    private void ReadTexts(ref Utf8JsonReader list, bool isReasoning)
    {
        if (list.TokenType != JsonTokenType.StartArray)
        {
            return;
        }

        while (list.Read() && list.TokenType == JsonTokenType.StartObject)
        {
            while (NextProperty(ref list, out var name))
            {
                if (list.TokenType != JsonTokenType.String || !(name.SequenceEqual("text"u8) || name.SequenceEqual("refusal"u8)))
                {
                    list.Skip();
                }
                else if (isReasoning)
                {
                    Answer.AddReasoning(list.ValueSpan, list.ValueIsEscaped);
                }
                else
                {
                    Answer.AddText(list.ValueSpan, list.ValueIsEscaped);
                }
            }
        }
    }

    private void ReadError(ref Utf8JsonReader reader)
    {
        string? code = null,
            type = null,
            message = null;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("code"u8))
            {
                code = ReadText(ref reader);
            }
            else if (name.SequenceEqual("type"u8))
            {
                type = ReadText(ref reader);
            }
            else if (name.SequenceEqual("message"u8))
            {
                message = ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Fail(FailureOf(code ?? type, message), $"{code} {type} {message}");
    }

    private static ProviderFailure FailureOf(string? code, string? message) =>
        code switch
        {
            "server_error" or "server_is_overloaded" or "service_unavailable_error" => ProviderFailure.Unavailable,
            "rate_limit_exceeded" or "rate_limit_error" => ProviderFailure.RateLimited,
            "insufficient_quota" => ProviderFailure.OutOfCredit,
            "invalid_api_key" => ProviderFailure.Unauthorized,
            "model_not_found" => ProviderFailure.ModelNotFound,
            "context_length_exceeded" => ProviderFailure.ContextTooLong,
            "invalid_prompt" when message?.Contains("context", StringComparison.OrdinalIgnoreCase) == true =>
                ProviderFailure.ContextTooLong,
            "invalid_prompt" or "invalid_request_error" => ProviderFailure.Refused,
            _ => ProviderFailure.ReportedError,
        };
}
