using System.Text.Json;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>The value of <c>content</c>: a string, null, or a list of parts (Mistral's reasoning models).</summary>
internal static class OpenAIContentParts
{
    public static void Read(ref Utf8JsonReader reader, AnswerBuilder output)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            output.AddText(reader.ValueSpan, reader.ValueIsEscaped);
        }
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            ReadList(ref reader, output, isReasoning: false);
        }
        else
        {
            reader.Skip();
        }
    }

    private static void ReadList(ref Utf8JsonReader reader, AnswerBuilder output, bool isReasoning)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadPart(ref reader, output, isReasoning);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadPart(ref Utf8JsonReader reader, AnswerBuilder output, bool isReasoning)
    {
        while (AnswerReader.NextProperty(ref reader, out var name))
        {
            var isThinking = name.SequenceEqual("thinking"u8);
            if (isThinking && reader.TokenType == JsonTokenType.StartArray)
            {
                ReadList(ref reader, output, isReasoning: true);
            }
            else if ((isThinking || (isReasoning && name.SequenceEqual("text"u8))) && reader.TokenType == JsonTokenType.String)
            {
                output.AddReasoning(reader.ValueSpan, reader.ValueIsEscaped);
            }
            else if (name.SequenceEqual("text"u8) && reader.TokenType == JsonTokenType.String)
            {
                output.AddText(reader.ValueSpan, reader.ValueIsEscaped);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
