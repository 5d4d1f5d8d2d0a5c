using System.Text;
using System.Text.Json;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>One element of <c>delta.tool_calls</c>; every field may be missing.</summary>
internal readonly record struct OpenAIToolCallDelta(int? Index, string? Id, string? Name, string? Arguments)
{
    public static OpenAIToolCallDelta Read(ref Utf8JsonReader reader)
    {
        var call = default(OpenAIToolCallDelta);
        while (AnswerReader.NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("index"u8) && reader.TokenType == JsonTokenType.Number)
            {
                call = call with { Index = reader.TryGetInt32(out var index) ? index : null };
            }
            else if (name.SequenceEqual("id"u8) && reader.TokenType == JsonTokenType.String)
            {
                call = call with { Id = AnswerReader.ReadText(ref reader) };
            }
            else if (name.SequenceEqual("function"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                call = ReadFunction(ref reader, call);
            }
            else
            {
                reader.Skip();
            }
        }

        return call;
    }

    private static OpenAIToolCallDelta ReadFunction(ref Utf8JsonReader reader, OpenAIToolCallDelta call)
    {
        while (AnswerReader.NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("name"u8) && reader.TokenType == JsonTokenType.String)
            {
                call = call with { Name = AnswerReader.ReadText(ref reader) };
            }
            else if (name.SequenceEqual("arguments"u8))
            {
                call = call with { Arguments = ReadArguments(ref reader) };
            }
            else
            {
                reader.Skip();
            }
        }

        return call;
    }

    // A few servers send the arguments as an object instead of as text.
    private static string? ReadArguments(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return AnswerReader.ReadText(ref reader);
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        using var value = JsonDocument.ParseValue(ref reader);
        return Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(value.RootElement));
    }
}
