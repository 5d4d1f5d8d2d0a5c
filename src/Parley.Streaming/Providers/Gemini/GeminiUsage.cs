using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>The usage of one answer. Every chunk has totals, not increments; what a chunk does not have keeps its value.</summary>
internal sealed class GeminiUsage
{
    private long? _prompt;
    private long? _toolPrompt;
    private long? _cached;
    private long? _candidates;
    private long? _thoughts;

    /// <summary>Takes a <c>usageMetadata</c> object.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        while (AnswerReader.NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("promptTokenCount"u8))
            {
                _prompt = AnswerReader.ReadCount(ref reader) ?? _prompt;
            }
            else if (name.SequenceEqual("toolUsePromptTokenCount"u8))
            {
                _toolPrompt = AnswerReader.ReadCount(ref reader) ?? _toolPrompt;
            }
            else if (name.SequenceEqual("cachedContentTokenCount"u8))
            {
                _cached = AnswerReader.ReadCount(ref reader) ?? _cached;
            }
            else if (name.SequenceEqual("candidatesTokenCount"u8))
            {
                _candidates = AnswerReader.ReadCount(ref reader) ?? _candidates;
            }
            else if (name.SequenceEqual("thoughtsTokenCount"u8))
            {
                _thoughts = AnswerReader.ReadCount(ref reader) ?? _thoughts;
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary>In common terms: the output includes the thoughts, which Google counts beside it. Null where nothing was counted.</summary>
    public UsageDetails? ToDetails()
    {
        if (_prompt is null && _candidates is null)
        {
            return null;
        }

        var input = (_prompt ?? 0) + (_toolPrompt ?? 0);
        var output = (_candidates ?? 0) + (_thoughts ?? 0);
        return new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = output,
            TotalTokenCount = input + output,
            CachedInputTokenCount = _cached,
            ReasoningTokenCount = _thoughts,
        };
    }
}
