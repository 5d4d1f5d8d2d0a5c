using System.Buffers;
using System.Text.Json;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.Convex;

/// <summary>Reads the bodies of streams.</summary>
public sealed class StreamBodies(ChatQueries chats, IGenerationStore store, GenerationRunner runner, TimeProvider time)
{
    /// <summary>The current body; null when the stream does not exist for this user.</summary>
    internal async Task<StreamBody?> ReadAsync(CurrentUser? user, string? streamId, CancellationToken cancellationToken)
    {
        await using var reader = Follow(user, streamId, static () => { });
        await reader.RefreshAsync(cancellationToken);
        return reader.Body;
    }

    /// <summary>Follows the body of a stream.</summary>
    /// <param name="user">The caller.</param>
    /// <param name="streamId">The stream, which may be missing.</param>
    /// <param name="wake">Called, on any thread, when the body may have changed.</param>
    internal StreamBodyReader Follow(CurrentUser? user, string? streamId, Action wake) =>
        new(cancellationToken => FindAsync(user, streamId, cancellationToken), store, runner, time, wake);

    /// <summary>The stream, or null when it does not exist for this user.</summary>
    public async ValueTask<ChatSession?> FindAsync(CurrentUser? user, string? streamId, CancellationToken cancellationToken)
    {
        if (user is null)
        {
            return null;
        }

        await using var reads = await chats.OpenAsync(user.Owner, cancellationToken);
        return await reads.SessionAsync(streamId, ChatSessionKind.Stream);
    }
}

/// <summary>Text and status of a stream.</summary>
/// <param name="Text">UTF-8; valid until its reader is refreshed.</param>
/// <param name="Status"><see cref="StreamStatus"/>.</param>
internal readonly record struct StreamBody(ReadOnlyMemory<byte> Text, string Status)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = ApiJson.Options.Encoder };

    public ReadOnlyMemory<byte> ToJson()
    {
        var output = new ArrayBufferWriter<byte>(Text.Length + Text.Length / 8 + 64);
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("text"u8, Text.Span);
            json.WriteString("status"u8, Status);
            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }
}
