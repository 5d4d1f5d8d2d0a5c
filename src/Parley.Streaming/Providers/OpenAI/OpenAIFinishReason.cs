using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>Maps the servers' finish reasons to those of Microsoft.Extensions.AI.</summary>
internal static class OpenAIFinishReason
{
    /// <summary>Null where there is none: null and an empty string mean that the answer continues.</summary>
    public static ChatFinishReason? Read(ref Utf8JsonReader reader, out bool isError)
    {
        isError = false;
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }

        var value = reader.ValueSpan;
        if (value.IsEmpty)
        {
            return null;
        }

        if (value.SequenceEqual("stop"u8) || value.SequenceEqual("end_turn"u8) || value.SequenceEqual("eos"u8))
        {
            return ChatFinishReason.Stop;
        }

        if (value.SequenceEqual("length"u8) || value.SequenceEqual("max_tokens"u8))
        {
            return ChatFinishReason.Length;
        }

        if (value.SequenceEqual("tool_calls"u8) || value.SequenceEqual("function_call"u8))
        {
            return ChatFinishReason.ToolCalls;
        }

        if (value.SequenceEqual("content_filter"u8))
        {
            return ChatFinishReason.ContentFilter;
        }

        isError = value.SequenceEqual("error"u8);
        return isError ? null : AnswerReader.Other;
    }
}
