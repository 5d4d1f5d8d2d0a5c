using Parley.Server.Data.Sqlite;
using Parley.Streaming.Generations;

namespace Parley.Server.Generations;

/// <summary>Tells the feed when an answer has ended.</summary>
internal sealed class EndedGenerations(GenerationRunner runner, ChangeFeed feed, SqliteDatabase database) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        runner.Ended += OnEnded;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        runner.Ended -= OnEnded;
        return Task.CompletedTask;
    }

    private void OnEnded(GenerationId id, GenerationEnded end)
    {
        if (!feed.HasAnyListener)
        {
            return;
        }

        using var session = database.OpenReader();
        foreach (
            var (owner, conversation) in session.Query(
                "SELECT g.owner_id, g.conversation_id FROM generations g JOIN conversations c ON c.id = g.conversation_id WHERE g.id = @id AND c.kind = 'chat'",
                row => (row.GetString(0), row.GetString(1)),
                ("@id", id.ToString())
            )
        )
        {
            feed.Changed(owner, conversation);
        }
    }
}
