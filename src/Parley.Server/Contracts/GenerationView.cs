using Parley.Server.Data;
using Parley.Streaming.Generations;

namespace Parley.Server.Contracts;

/// <summary>Creates the view of a generation, which several operations return.</summary>
public sealed class GenerationViews(IGenerationStore store)
{
    public async Task<GenerationView?> OfAsync(OwnedGeneration found, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(found.Id, cancellationToken) is not { } record)
        {
            return null;
        }

        var ended =
            record.Status == GenerationStatus.Running || record.End == 0
                ? null
                : (await store.ReadAsync(found.Id, record.End - 1, 1, cancellationToken))?.Ended;
        return new GenerationView(
            found.Info.GenerationId,
            found.Info.ConversationId,
            found.Info.MessageId,
            found.Info.Model,
            record.Status,
            record.End,
            found.Info.CreatedAt,
            found.EndedAt,
            ended?.FinishReason,
            ended?.Usage,
            ended?.Error,
            ended?.StoppedAt
        );
    }
}

/// <summary>A generation in the API.</summary>
public sealed record GenerationView(
    string Id,
    string ConversationId,
    string MessageId,
    string Model,
    GenerationStatus Status,
    long Position,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt,
    string? FinishReason,
    GenerationUsage? Usage,
    GenerationError? Error,
    long? StoppedAt
);
