using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Updates;

/// <summary>
/// Reads the frames of one answer and collects the updates in <see cref="Answer"/>. A family derives from it; the instance is used for
/// one answer.
/// </summary>
internal abstract class AnswerReader(string model, int maxToolCallChars)
{
    /// <summary>A finish reason that Microsoft.Extensions.AI has no name for.</summary>
    public static readonly ChatFinishReason Other = new("other");

    private const int MaxDetailBytes = 16 * 1024;

    /// <summary>The answer so far, and the updates to pass on.</summary>
    public AnswerBuilder Answer { get; } = new(model, maxToolCallChars);

    /// <summary>Nothing more needs to be read.</summary>
    public bool IsDone { get; protected set; }

    /// <summary>The last frame showed that the model works, without anything to pass on.</summary>
    public bool IsWorking { get; protected set; }

    /// <summary>The failure that the frames contain, if there is one.</summary>
    public ProviderFailure? Failure { get; private set; }

    /// <summary>What the server sent about it.</summary>
    public string? FailureDetail { get; private set; }

    /// <summary>Reads the data of one event.</summary>
    /// <param name="data">The data, which may be empty.</param>
    /// <param name="isError">The event is marked as an error.</param>
    public void Read(ReadOnlySpan<byte> data, bool isError)
    {
        IsWorking = false;
        try
        {
            ReadFrame(data, isError);
        }
        catch (JsonException)
        {
            Fail(ProviderFailure.MalformedFrame, data);
        }
    }

    /// <summary>The answer came as one JSON body, and that was all of it.</summary>
    public abstract void EndOfBody();

    /// <summary>Moves to the value of the next property; false at the object's end.</summary>
    public static bool NextProperty(ref Utf8JsonReader reader, out ReadOnlySpan<byte> name)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.PropertyName)
        {
            name = default;
            return false;
        }

        name = reader.ValueSpan;
        reader.Read();
        return true;
    }

    /// <summary>
    /// The text of a string; null where the value is empty or not a string, which is skipped. For texts that are whole: a cut surrogate
    /// pair becomes U+FFFD.
    /// </summary>
    public static string? ReadText(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }

        var normalizer = default(TextNormalizer);
        var text = normalizer.Append(reader.ValueSpan, reader.ValueIsEscaped);
        return string.Concat(text, normalizer.Flush()) is { Length: > 0 } whole ? whole : null;
    }

    /// <summary>A number that is not negative; null where the value is something else, which is skipped.</summary>
    public static long? ReadCount(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var count) && count >= 0)
        {
            return count;
        }

        reader.Skip();
        return null;
    }

    /// <summary>The JSON of an object that is not empty; null where the value is something else, which is skipped.</summary>
    public static string? ReadObject(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        using var value = JsonDocument.ParseValue(ref reader);
        return value.RootElement.EnumerateObject().MoveNext()
            ? Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(value.RootElement))
            : null;
    }

    /// <summary>Reads the data of one event. A <see cref="JsonException"/> means a frame that is not valid JSON.</summary>
    protected abstract void ReadFrame(ReadOnlySpan<byte> data, bool isError);

    /// <summary>
    /// Opens a frame that is one JSON object. False for an empty frame, for <c>[DONE]</c>, with which some gateways end the stream of every
    /// protocol, and for anything else, which is a failure.
    /// </summary>
    protected bool TryOpen(ReadOnlySpan<byte> data, bool isError, out Utf8JsonReader reader)
    {
        reader = default;
        data = data.Trim(" \t\r\n"u8);
        if (data.IsEmpty)
        {
            return false;
        }

        if (data.SequenceEqual("[DONE]"u8))
        {
            IsDone = true;
            return false;
        }

        reader = new Utf8JsonReader(data);
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        Fail(isError ? ProviderFailure.ReportedError : ProviderFailure.MalformedFrame, data);
        return false;
    }

    /// <summary>The answer ends with this failure, unless it is finished or has failed already.</summary>
    protected void Fail(ProviderFailure failure, ReadOnlySpan<byte> detail) =>
        Fail(failure, Encoding.UTF8.GetString(detail[..Math.Min(detail.Length, MaxDetailBytes)]));

    /// <summary>The answer ends with this failure, unless it is finished or has failed already.</summary>
    protected void Fail(ProviderFailure failure, string? detail)
    {
        IsDone = true;
        if (Answer.IsFinished || Failure is not null)
        {
            return;
        }

        (Failure, FailureDetail) = (failure, detail);
    }
}
