using Parley.Server.Data;
using Parley.Server.Data.Sqlite;
using Parley.Streaming.Generations;

namespace Parley.Server.Generations;

/// <summary>Whole logs of generations that have ended.</summary>
public sealed class FinishedLogs(SqliteDatabase database)
{
    /// <summary>The log, or null while the generation runs.</summary>
    public FoldedLog? Find(OwnedGeneration answer)
    {
        using var session = database.OpenReader();
        return session
            .Query(
                "SELECT content, parts FROM messages WHERE id = @id AND status <> 'running'",
                row => MessageParts.Unfold(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1)),
                ("@id", answer.Info.MessageId)
            )
            .FirstOrDefault();
    }
}
