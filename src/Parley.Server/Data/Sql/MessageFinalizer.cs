using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>Stores the end of a generation in the caller's transaction: its message, its own row, and the conversation's totals.</summary>
internal static class MessageFinalizer
{
    public static async ValueTask FinalizeAsync(
        SqlSession session,
        long generationKey,
        bool hasSegments,
        LogSnapshot log,
        GenerationEnded ended,
        DateTimeOffset now
    )
    {
        var (content, parts) = MessageParts.Fold(log);
        var status = ended.Status.Name();
        var at = now.ToUnixTimeMilliseconds();
        await session.AddAsync(
            """
            UPDATE messages SET content = @content, parts = @parts, status = @status, finish_reason = @reason, input_tokens = @input, output_tokens = @output,
                cached_input_tokens = @cached, reasoning_tokens = @reasoning, usage_estimated = @estimated, error_code = @code, error_message = @message,
                error_retryable = @retryable, stopped_at = @stopped, completed_at = @at
            WHERE id = (SELECT message_id FROM generations WHERE key = @key)
            """,
            ("@content", content),
            ("@parts", parts),
            ("@status", status),
            ("@reason", ended.FinishReason),
            ("@input", ended.Usage?.InputTokens),
            ("@output", ended.Usage?.OutputTokens),
            ("@cached", ended.Usage?.CachedInputTokens),
            ("@reasoning", ended.Usage?.ReasoningTokens),
            ("@estimated", ended.Usage?.Estimated is true),
            ("@code", ended.Error?.Code),
            ("@message", ended.Error?.Message),
            ("@retryable", ended.Error?.Retryable is true),
            ("@stopped", ended.StoppedAt),
            ("@at", at),
            ("@key", generationKey)
        );
        await session.AddAsync(
            "UPDATE generations SET status = @status, end_position = @end, ended_at = @at WHERE key = @key AND status = 'running'",
            ("@status", status),
            ("@end", log.End),
            ("@at", at),
            ("@key", generationKey)
        );
        var shown = ended.StoppedAt is { } stopped ? log.TextOf(PartKind.Text, stopped) : content;
        await session.AddAsync(
            """
            UPDATE conversations SET total_tokens = total_tokens + @tokens, last_message_at = @at, updated_at = @at,
                last_message_preview = CASE WHEN @preview = '' THEN last_message_preview ELSE @preview END
            WHERE id = (SELECT conversation_id FROM generations WHERE key = @key)
            """,
            ("@tokens", (ended.Usage?.InputTokens ?? 0) + (ended.Usage?.OutputTokens ?? 0)),
            ("@at", at),
            ("@preview", MessageText.Preview(shown)),
            ("@key", generationKey)
        );
        if (hasSegments)
        {
            await session.AddAsync("DELETE FROM generation_segments WHERE generation_key = @key", ("@key", generationKey));
        }
    }
}
