using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>The usage of one answer. Every event has totals, not increments; what an event does not have keeps its value.</summary>
internal sealed class AnthropicUsage
{
    private long? _input;
    private long? _cacheRead;
    private long? _cacheWrite;
    private long? _output;
    private long? _thinking;

    /// <summary>Takes a <c>usage</c> object.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        while (AnswerReader.NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("input_tokens"u8))
            {
                _input = AnswerReader.ReadCount(ref reader) ?? _input;
            }
            else if (name.SequenceEqual("cache_read_input_tokens"u8))
            {
                _cacheRead = AnswerReader.ReadCount(ref reader) ?? _cacheRead;
            }
            else if (name.SequenceEqual("cache_creation_input_tokens"u8))
            {
                _cacheWrite = AnswerReader.ReadCount(ref reader) ?? _cacheWrite;
            }
            else if (name.SequenceEqual("output_tokens"u8))
            {
                _output = AnswerReader.ReadCount(ref reader) ?? _output;
            }
            else if (name.SequenceEqual("output_tokens_details"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadDetails(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary>In common terms: the input includes what the cache had and what it stored. Null where nothing was counted.</summary>
    public UsageDetails? ToDetails()
    {
        if (_input is null && _output is null)
        {
            return null;
        }

        var input = (_input ?? 0) + (_cacheRead ?? 0) + (_cacheWrite ?? 0);
        return new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = _output,
            TotalTokenCount = input + (_output ?? 0),
            CachedInputTokenCount = _cacheRead,
            ReasoningTokenCount = _thinking,
            AdditionalCounts = _cacheWrite is > 0 and { } written ? new() { ["cache_creation_input_tokens"] = written } : null,
        };
    }

    private void ReadDetails(ref Utf8JsonReader reader)
    {
        while (AnswerReader.NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("thinking_tokens"u8))
            {
                _thinking = AnswerReader.ReadCount(ref reader) ?? _thinking;
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
