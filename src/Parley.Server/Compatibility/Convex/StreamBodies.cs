using System.Buffers;
using System.Text.Json;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.Convex;

/// <summary>What streams hold.</summary>
public sealed class StreamBodies(ChatQueries chats, IGenerationStore store, GenerationRunner runner, TimeProvider time)
{
    /// <summary>What is there of it now; null when the stream is missing or somebody else's.</summary>
    internal async Task<StreamBody?> ReadAsync(CurrentUser? user, string? streamId, CancellationToken cancellationToken)
    {
        await using var follower = Follow(user, streamId, static () => { });
        await follower.RefreshAsync(cancellationToken);
        return follower.Body;
    }

    /// <summary>Follows it from now on.</summary>
    /// <param name="user">Who asks.</param>
    /// <param name="streamId">The stream, which may be missing.</param>
    /// <param name="wake">Called, on any thread, when there may be news.</param>
    internal BodyFollower Follow(CurrentUser? user, string? streamId, Action wake) =>
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
/// <param name="Text">UTF-8; good until the follower that gave it is asked for news.</param>
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

/// <summary>A stream's text so far, and where it stands.</summary>
/// <param name="Text">All of it.</param>
/// <param name="Status"><c>pending</c>, <c>streaming</c>, <c>done</c>, <c>error</c> or <c>timeout</c>.</param>
