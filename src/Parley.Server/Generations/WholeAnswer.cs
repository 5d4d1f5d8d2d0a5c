using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>Writes an answer as one JSON object, once its generation has ended.</summary>
public sealed class WholeAnswer(GenerationRunner runner, ChatQueries chats)
{
    /// <summary>Waits for the end, and writes the answer or the error.</summary>
    public async Task<IResult> WhenEndedAsync(
        HttpContext http,
        GenerationId id,
        GenerationInfo info,
        Func<GenerationInfo, LogSnapshot, IResult> write
    )
    {
        using (var reader = runner.Follow(id, 0, http.RequestAborted))
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

        await using var reads = await chats.OpenAsync(CurrentUser.Of(http.User)!.Owner, http.RequestAborted);
        if (await reads.FinishedAsync(info.GenerationId) is not { Log: var log })
        {
            return Problems.NotFound("generation");
        }

        return log.Ended is { Error: { } error } ? FailureProblem.Of(error, info, hasContent: log.End > 1) : write(info, log);
    }

    /// <summary>Parley's native object.</summary>
    public static IResult Native(GenerationInfo info, LogSnapshot log)
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
                ended.Status.Name()
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
