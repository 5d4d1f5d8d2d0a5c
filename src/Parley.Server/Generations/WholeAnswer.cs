using Microsoft.EntityFrameworkCore;
using Parley.Server.Data;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>An answer as one JSON object, once it has ended.</summary>
public sealed class WholeAnswer(GenerationRunner runner, IDbContextFactory<Data.Sqlite.SqliteDbContext> contexts)
{
    /// <summary>Waits for the end, and writes what came, or says why it failed.</summary>
    public async Task<IResult> WhenEndedAsync(
        GenerationId id,
        GenerationInfo info,
        Func<GenerationInfo, FoldedLog, IResult> write,
        CancellationToken cancellationToken
    )
    {
        using (var reader = runner.Follow(id, 0, cancellationToken))
        {
            while (reader.State == LogReaderState.Following)
            {
                while (reader.TryRead(out _)) { }
                if (reader.State == LogReaderState.Following)
                {
                    await reader.WaitAsync();
                }
            }

            if (reader.State == LogReaderState.Lost)
            {
                return Problems.NotFound("generation");
            }
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var message = await db.Messages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == info.MessageId, cancellationToken);
        if (message is null)
        {
            return Problems.NotFound("generation");
        }

        var log = MessageParts.Unfold(message.Content, message.Parts);
        return log.Ended is { Error: { } error } ? FailureProblem.Of(error, info, hasContent: log.End > 1) : write(info, log);
    }

    /// <summary>Parley's own object.</summary>
    public static IResult Native(GenerationInfo info, FoldedLog log)
    {
        var ended = log.Ended!;
        return ApiJson.Ok(
            new Answer(
                info.ConversationId,
                info.GenerationId,
                info.MessageId,
                info.Model,
                log.TextOf(PartKind.Text, ended.StoppedAt ?? long.MaxValue),
                ended.FinishReason,
                ended.Usage,
                ended.Status.ToString().ToLowerInvariant()
            )
        );
    }

    public sealed record Answer(
        string ConversationId,
        string GenerationId,
        string MessageId,
        string Model,
        string Content,
        string? FinishReason,
        GenerationUsage? Usage,
        string Status
    );
}

/// <summary>A generation that failed, as the status of a response.</summary>
internal static class FailureProblem
{
    /// <param name="error">Why it failed.</param>
    /// <param name="info">The generation.</param>
    /// <param name="hasContent">Something had come before: what was done is lost to this client if it asks anew.</param>
    public static Problem Of(GenerationError error, GenerationInfo info, bool hasContent)
    {
        var isRateLimit = error.Code is "provider_rate_limited" or "provider_out_of_credit";
        return new Problem(isRateLimit ? StatusCodes.Status429TooManyRequests : StatusCodes.Status502BadGateway, error.Code, error.Message)
        {
            RetryAfter = error.RetryAfter ?? (isRateLimit && error.Retryable ? 5 : null),
            ShouldRetry = error.Retryable && !hasContent ? null : false,
            Extensions = [("conversationId", info.ConversationId), ("generationId", info.GenerationId), ("messageId", info.MessageId)],
        };
    }
}
