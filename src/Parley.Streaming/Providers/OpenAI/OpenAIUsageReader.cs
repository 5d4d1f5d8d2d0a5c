using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>
/// Reads a <c>usage</c> object, of Chat Completions or of the Responses API; missing and invalid numbers stay null.
/// </summary>
internal static class OpenAIUsageReader
{
    public static UsageDetails Read(ref Utf8JsonReader reader)
    {
        var usage = new UsageDetails();
        while (AnswerReader.NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("prompt_tokens"u8) || name.SequenceEqual("input_tokens"u8))
            {
                usage.InputTokenCount = AnswerReader.ReadCount(ref reader);
            }
            else if (name.SequenceEqual("completion_tokens"u8) || name.SequenceEqual("output_tokens"u8))
            {
                usage.OutputTokenCount = AnswerReader.ReadCount(ref reader);
            }
            else if (name.SequenceEqual("total_tokens"u8))
            {
                usage.TotalTokenCount = AnswerReader.ReadCount(ref reader);
            }
            else if (name.SequenceEqual("prompt_cache_hit_tokens"u8))
            {
                usage.CachedInputTokenCount ??= AnswerReader.ReadCount(ref reader);
            }
            else if (name.EndsWith("_tokens_details"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadDetails(ref reader, usage);
            }
            else
            {
                reader.Skip();
            }
        }

        // xAI counts reasoning tokens beside the completion, not in it: the total shows it.
        if (
            usage is { InputTokenCount: { } input, OutputTokenCount: { } output, ReasoningTokenCount: > 0 and { } reasoning }
            && usage.TotalTokenCount == input + output + reasoning
        )
        {
            usage.OutputTokenCount = output + reasoning;
        }

        return usage;
    }

    private static void ReadDetails(ref Utf8JsonReader reader, UsageDetails usage)
    {
        while (AnswerReader.NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("cached_tokens"u8))
            {
                usage.CachedInputTokenCount = AnswerReader.ReadCount(ref reader);
            }
            else if (name.SequenceEqual("reasoning_tokens"u8))
            {
                usage.ReasoningTokenCount = AnswerReader.ReadCount(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
