using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>
/// Reads the frames of one answer, straight from their bytes, and collects the updates in <see cref="Answer"/>. It accepts what
/// real servers send: several objects in one event, fields in any order, no choices, a whole message instead of deltas.
/// </summary>
internal sealed class OpenAIChunkReader(string model, int maxToolCallChars) : AnswerReader(model, maxToolCallChars)
{
    private const int MaxErrorChars = 16 * 1024;
    private const int MaxResponseIdBytes = 256;

    protected override void ReadFrame(ReadOnlySpan<byte> data, bool isError)
    {
        if (isError)
        {
            Fail(ProviderFailure.ReportedError, data);
        }

        for (var isFirst = true; !IsDone; isFirst = false)
        {
            data = data.TrimStart(" \t\r\n"u8);
            if (data.StartsWith("[DONE]"u8))
            {
                EndOfBody();
            }
            else if (!isFirst && data.StartsWith("data:"u8))
            {
                data = data["data:"u8.Length..];
            }
            else if (data.IsEmpty)
            {
                return;
            }
            else
            {
                data = data[ReadValue(data)..];
            }
        }
    }

    /// <summary>The server marked the end of the answer. With any content and no finish reason that is a normal stop.</summary>
    public override void EndOfBody()
    {
        IsDone = true;
        if (Failure is null && Answer.HasContent)
        {
            Answer.Finish(reason: null);
        }
    }

    private int ReadValue(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data);
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChunk(ref reader);
            }

            if (reader.TokenType != JsonTokenType.EndArray)
            {
                Fail(ProviderFailure.MalformedFrame, data);
            }
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            ReadChunk(ref reader);
        }
        else if (reader.TokenType != JsonTokenType.Null)
        {
            Fail(ProviderFailure.MalformedFrame, data);
        }

        return (int)reader.BytesConsumed;
    }

    private void ReadChunk(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        var isErrorObject = false;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("choices"u8) && reader.TokenType == JsonTokenType.StartArray)
            {
                ReadChoices(ref reader);
            }
            else if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                Answer.Usage = OpenAIUsageReader.Read(ref reader);
            }
            else if (name.SequenceEqual("error"u8))
            {
                ReadError(ref reader);
            }
            else if (name.SequenceEqual("x_groq"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadGroq(ref reader);
            }
            else if (name.SequenceEqual("id"u8) && reader.TokenType == JsonTokenType.String)
            {
                ReadId(ref reader);
            }
            else if (name.SequenceEqual("object"u8) && reader.TokenType == JsonTokenType.String)
            {
                isErrorObject = reader.ValueSpan.SequenceEqual("error"u8);
            }
            else
            {
                reader.Skip();
            }
        }

        // Older vLLM: {"object":"error","message":…} instead of an error member.
        if (isErrorObject)
        {
            Fail(ProviderFailure.ReportedError, $"error object at {start}");
        }
    }

    private void ReadId(ref Utf8JsonReader reader)
    {
        if (Answer.ResponseId is null && reader.ValueSpan.Length <= MaxResponseIdBytes)
        {
            Answer.ResponseId = default(TextNormalizer).Append(reader.ValueSpan, reader.ValueIsEscaped);
        }
    }

    private void ReadGroq(ref Utf8JsonReader reader)
    {
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                Answer.Usage = OpenAIUsageReader.Read(ref reader);
            }
            else if (name.SequenceEqual("error"u8))
            {
                ReadError(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadError(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null or JsonTokenType.False:
                return;
            case JsonTokenType.String:
                if (!reader.ValueSpan.IsEmpty)
                {
                    Fail(ProviderFailure.ReportedError, reader.ValueSpan);
                }

                return;
        }

        Fail(ProviderFailure.ReportedError, ReadStrings(ref reader));
    }

    // The content of an error object: its strings and numbers, at any depth.
    private static string ReadStrings(ref Utf8JsonReader reader)
    {
        var text = new StringBuilder();
        var depth = reader.CurrentDepth;
        while (reader.TokenType is not (JsonTokenType.True or JsonTokenType.Number) && reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number && text.Length < MaxErrorChars)
            {
                text.Append(Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, MaxErrorChars)])).Append(' ');
            }
        }

        return text.ToString();
    }

    private void ReadChoices(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChoice(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadChoice(ref Utf8JsonReader reader)
    {
        var index = 0;
        ChatFinishReason? finish = null;
        var delta = default(Utf8JsonReader);
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("delta"u8) || name.SequenceEqual("message"u8))
            {
                // Read when the whole choice is known: the index may come after it.
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    delta = reader;
                }

                reader.Skip();
            }
            else if (name.SequenceEqual("finish_reason"u8))
            {
                finish = OpenAIFinishReason.Read(ref reader, out var isError);
                if (isError)
                {
                    Fail(ProviderFailure.ReportedError, "finish_reason error");
                }
            }
            else if (name.SequenceEqual("index"u8))
            {
                index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? number : 0;
                reader.Skip();
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

        if (delta.TokenType == JsonTokenType.StartObject)
        {
            ReadDelta(ref delta);
        }

        if (finish is { } reason && Failure is null)
        {
            Answer.Finish(reason);
        }
    }

    private void ReadDelta(ref Utf8JsonReader reader)
    {
        var reasoning = default(ReadOnlySpan<byte>);
        var escaped = false;
        var rank = 0;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("content"u8) || name.SequenceEqual("refusal"u8))
            {
                // In a delta with reasoning and text, the reasoning comes first, whatever the order of the fields.
                Answer.AddReasoning(reasoning, escaped);
                reasoning = default;
                OpenAIContentParts.Read(ref reader, Answer);
            }
            else if (RankOfReasoning(name) is > 0 and var found && reader.TokenType == JsonTokenType.String)
            {
                // The same text under two names is one text.
                if (found <= rank || reader.ValueSpan.IsEmpty)
                {
                    continue;
                }

                reasoning = reader.ValueSpan;
                escaped = reader.ValueIsEscaped;
                rank = found;
            }
            else if (name.SequenceEqual("tool_calls"u8) && reader.TokenType == JsonTokenType.StartArray)
            {
                ReadToolCalls(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Answer.AddReasoning(reasoning, escaped);
    }

    private static int RankOfReasoning(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("reasoning_content"u8) ? 3
        : name.SequenceEqual("reasoning"u8) ? 2
        : name.SequenceEqual("thinking"u8) ? 1
        : 0;

    private void ReadToolCalls(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var call = OpenAIToolCallDelta.Read(ref reader);
            if (!Answer.AddToolCall(call.Index, call.Id, call.Name, call.Arguments))
            {
                Fail(ProviderFailure.FrameTooLarge, "tool calls");
            }
        }
    }
}
