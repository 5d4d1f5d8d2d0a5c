using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>
/// Reads the chunks of one answer, straight from their bytes. The API has no end marker: an answer ends with its finish reason. Function
/// calls come whole. Fields may come in any order; unknown parts are skipped.
/// </summary>
internal sealed class GeminiChunkReader(string model, int maxToolCallChars) : AnswerReader(model, maxToolCallChars)
{
    private const int MaxResponseIdChars = 256;
    private readonly string _model = model;
    private readonly GeminiUsage _usage = new();
    private int _calls;

    public override void EndOfBody() => IsDone = true;

    protected override void ReadFrame(ReadOnlySpan<byte> data, bool isError)
    {
        data = data.Trim(" \t\r\n"u8);
        if (data.IsEmpty || data.SequenceEqual("[DONE]"u8))
        {
            return;
        }

        var reader = new Utf8JsonReader(data);
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            // Without server-sent events the chunks are the elements of one list.
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChunk(ref reader);
            }
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            ReadChunk(ref reader);
        }
        else
        {
            Fail(ProviderFailure.MalformedFrame, data);
        }

        if (isError)
        {
            Fail(ProviderFailure.ReportedError, data);
        }
    }

    private void ReadChunk(ref Utf8JsonReader reader)
    {
        // Read last: the id of the response, which may come behind them, becomes part of the ids of calls.
        var candidates = default(Utf8JsonReader);
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("candidates"u8) && reader.TokenType == JsonTokenType.StartArray)
            {
                candidates = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("usageMetadata"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                _usage.Read(ref reader);
                Answer.Usage = _usage.ToDetails();
            }
            else if (name.SequenceEqual("promptFeedback"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadPromptFeedback(ref reader);
            }
            else if (name.SequenceEqual("error"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadError(ref reader);
            }
            else if (name.SequenceEqual("responseId"u8))
            {
                Answer.ResponseId ??= ReadText(ref reader) is { Length: <= MaxResponseIdChars } id ? id : null;
            }
            else
            {
                reader.Skip();
            }
        }

        if (candidates.TokenType != JsonTokenType.StartArray)
        {
            return;
        }

        while (candidates.Read() && candidates.TokenType == JsonTokenType.StartObject)
        {
            ReadCandidate(ref candidates);
        }
    }

    private void ReadCandidate(ref Utf8JsonReader reader)
    {
        var (index, finish) = (0L, (string?)null);
        var content = default(Utf8JsonReader);
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("content"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                content = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("finishReason"u8))
            {
                finish = ReadText(ref reader);
            }
            else if (name.SequenceEqual("index"u8))
            {
                index = ReadCount(ref reader) ?? 0;
            }
            else
            {
                reader.Skip();
            }
        }

        if (index != 0 || Answer.IsFinished || Failure is not null)
        {
            return;
        }

        if (content.TokenType == JsonTokenType.StartObject)
        {
            ReadContent(ref content);
        }

        Finish(finish);
    }

    private void ReadContent(ref Utf8JsonReader reader)
    {
        while (NextProperty(ref reader, out var name))
        {
            if (!name.SequenceEqual("parts"u8) || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadPart(ref reader);
            }
        }
    }

    private void ReadPart(ref Utf8JsonReader reader)
    {
        var (isThought, signature) = (false, (string?)null);
        Utf8JsonReader text = default,
            call = default;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("text"u8) && reader.TokenType == JsonTokenType.String)
            {
                text = reader;
            }
            else if (name.SequenceEqual("functionCall"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                call = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("thought"u8))
            {
                isThought = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
            else if (name.SequenceEqual("thoughtSignature"u8))
            {
                signature = ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        if (call.TokenType == JsonTokenType.StartObject)
        {
            ReadCall(ref call, signature);
        }
        else if (text.TokenType == JsonTokenType.String && isThought)
        {
            Answer.AddReasoning(text.ValueSpan, text.ValueIsEscaped);
        }
        else if (text.TokenType == JsonTokenType.String)
        {
            Answer.AddText(text.ValueSpan, text.ValueIsEscaped);
        }
    }

    private void ReadCall(ref Utf8JsonReader reader, string? signature)
    {
        string? id = null,
            function = null,
            arguments = null;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("name"u8))
            {
                function = ReadText(ref reader);
            }
            else if (name.SequenceEqual("args"u8))
            {
                arguments = ReadObject(ref reader);
            }
            else if (name.SequenceEqual("id"u8))
            {
                id = ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        if (signature is not null)
        {
            Answer.AddProtectedReasoning(GeminiSignature.Pack(_model, signature));
        }

        var index = _calls++;
        if (!Answer.AddToolCall(index, id ?? $"call_{Answer.ResponseId}_{index}", function ?? "unknown", arguments))
        {
            Fail(ProviderFailure.FrameTooLarge, "function calls");
        }

        Answer.EndToolCall(index);
    }

    private void Finish(string? reason)
    {
        switch (reason)
        {
            case null or "FINISH_REASON_UNSPECIFIED":
                break;
            case "STOP":
                // Also of an answer that ends with calls.
                Answer.Finish(reason: null);
                break;
            case "MAX_TOKENS" or "CONTINUATION":
                Answer.Finish(ChatFinishReason.Length);
                break;
            case "MALFORMED_FUNCTION_CALL" or "UNEXPECTED_TOOL_CALL" or "TOO_MANY_TOOL_CALLS":
            case "MISSING_THOUGHT_SIGNATURE" or "MALFORMED_RESPONSE":
                Fail(ProviderFailure.ReportedError, reason);
                break;
            case "SAFETY" or "RECITATION" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "LANGUAGE" or "MODEL_ARMOR":
            case not null when reason.StartsWith("IMAGE_", StringComparison.Ordinal):
                Block(reason);
                break;
            default:
                Answer.Finish(Other);
                break;
        }
    }

    private void Block(string reason)
    {
        if (Answer.HasContent)
        {
            Answer.Finish(ChatFinishReason.ContentFilter);
        }
        else
        {
            Fail(ProviderFailure.Blocked, reason);
        }
    }

    private void ReadPromptFeedback(ref Utf8JsonReader reader)
    {
        while (NextProperty(ref reader, out var name))
        {
            if (!name.SequenceEqual("blockReason"u8))
            {
                reader.Skip();
            }
            else if (ReadText(ref reader) is { } reason and not "BLOCK_REASON_UNSPECIFIED")
            {
                Block(reason);
            }
        }
    }

    private void ReadError(ref Utf8JsonReader reader)
    {
        var (code, text) = ((long?)null, "");
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("code"u8))
            {
                code = ReadCount(ref reader);
            }
            else if (name.SequenceEqual("message"u8) || name.SequenceEqual("status"u8))
            {
                text += $"{ReadText(ref reader)} ";
            }
            else
            {
                reader.Skip();
            }
        }

        Fail(GeminiErrors.OfEvent(code, text), text);
    }
}
