using Parley.Server.Data;
using Parley.Server.Data.Sqlite;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>Finds generations for those who may see them: their owner alone.</summary>
public sealed class OwnedGenerations(SqliteDatabase database)
{
    /// <summary>The generation, or null when it is missing or somebody else's.</summary>
    public OwnedGeneration? Find(CurrentUser? user, string? generationId)
    {
        if (user is null || !GenerationId.TryParse(generationId, out var id))
        {
            return null;
        }

        using var session = database.OpenReader();
        var found = session.Query(
            """
            SELECT g.conversation_id, g.message_id, g.model, g.status, g.created_at, g.ended_at, m.parent_id, m.external_id
            FROM generations g JOIN messages m ON m.id = g.message_id WHERE g.id = @id AND g.tenant_id = @tenant AND g.owner_id = @owner
            """,
            row => new OwnedGeneration(
                id,
                new GenerationInfo(
                    row.GetString(0),
                    generationId!,
                    row.GetString(1),
                    row.GetString(2),
                    DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4))
                ),
                row.GetString(3),
                row.IsDBNull(5) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
                row.IsDBNull(6) ? null : row.GetString(6),
                row.IsDBNull(7) ? null : row.GetString(7)
            ),
            ("@id", generationId),
            ("@tenant", user.TenantId),
            ("@owner", user.Id)
        );
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>What was asked of a generation beyond its conversation.</summary>
    public StoredRequest? RequestOf(GenerationId id)
    {
        using var session = database.OpenReader();
        return StoredRequest.Parse(
            session
                .Query(
                    "SELECT request FROM generations WHERE id = @id",
                    row => row.IsDBNull(0) ? null : row.GetString(0),
                    ("@id", id.ToString())
                )
                .FirstOrDefault()
        );
    }

    /// <summary>The generation that a session of this user has begun.</summary>
    public string? FindBegun(CurrentUser user, string sessionId)
    {
        using var session = database.OpenReader();
        return session
            .Query(
                "SELECT generation_id FROM chat_sessions WHERE id = @id AND owner_id = @owner AND generation_id IS NOT NULL",
                row => row.GetString(0),
                ("@id", sessionId),
                ("@owner", user.Id)
            )
            .FirstOrDefault();
    }

    /// <summary>What an idempotency key of this user started.</summary>
    public (string Fingerprint, string GenerationId)? FindKey(CurrentUser user, string key)
    {
        using var session = database.OpenReader();
        var found = session.Query(
            "SELECT fingerprint, generation_id FROM idempotency_keys WHERE owner_id = @owner AND key = @key",
            row => (row.GetString(0), row.GetString(1)),
            ("@owner", user.Id),
            ("@key", key)
        );
        return found.Count == 0 ? null : found[0];
    }
}

/// <summary>A generation that its owner asked for.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Info">What formats say of it.</param>
/// <param name="Status">As it is stored.</param>
/// <param name="EndedAt">When it ended, if it has.</param>
/// <param name="ParentId">The message that it answers.</param>
/// <param name="MessageName">What its client calls the answer, where that is not <see cref="GenerationInfo.MessageId"/>.</param>
public sealed record OwnedGeneration(
    GenerationId Id,
    GenerationInfo Info,
    string Status,
    DateTimeOffset? EndedAt,
    string? ParentId,
    string? MessageName
);
