using Microsoft.EntityFrameworkCore;
using Parley.Server.Data;
using Parley.Server.Http;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Answers;

/// <summary>An answer as one JSON object, once it has ended.</summary>
public sealed class AnswerJson(GenerationRunner runner, IDbContextFactory<Data.Sqlite.SqliteDbContext> contexts)
{
    public async Task<IResult> WhenEndedAsync(GenerationId id, GenerationInfo info, CancellationToken cancellationToken)
    {
        using (var reader = runner.Follow(id, 0, cancellationToken))
        {
            while (reader.State == LogReaderState.Following)
            {
                while (reader.TryRead(out _)) { }
                if (reader.State == LogReaderState.Following) await reader.WaitAsync();
            }

            if (reader.State == LogReaderState.Lost) return Problems.NotFound("generation");
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var message = await db.Messages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == info.MessageId, cancellationToken);
        if (message is null) return Problems.NotFound("generation");
        var log = MessageParts.Unfold(message.Content, message.Parts);
        if (log.Ended is { Error: { } error })
        {
            var problem = Problems.Of(StatusCodes.Status502BadGateway, error.Code, error.Message);
            problem.ProblemDetails.Extensions["conversationId"] = info.ConversationId;
            problem.ProblemDetails.Extensions["generationId"] = info.GenerationId;
            problem.ProblemDetails.Extensions["messageId"] = info.MessageId;
            return problem;
        }

        var content = message.StoppedAt is { } at ? log.TextOf(PartKind.Text, at) : message.Content;
        return Results.Json(
            new Answer(info.ConversationId, info.GenerationId, info.MessageId, info.Model, content, message.FinishReason, log.Ended?.Usage, message.Status), ApiJson.Options);
    }

    private sealed record Answer(
        string ConversationId, string GenerationId, string MessageId, string Model, string Content, string? FinishReason, GenerationUsage? Usage, string Status);
}
