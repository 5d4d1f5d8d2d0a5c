using System.Security.Cryptography;
using System.Text.Json;
using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>A query that somebody is subscribed to. Used by one task, except where it says otherwise.</summary>
internal abstract class LiveQuery : IAsyncDisposable
{
    /// <summary>The result, if it is another one than before and its time has come.</summary>
    public abstract ValueTask<FunctionResult?> TakeAsync(CancellationToken cancellationToken);

    /// <summary>How long until there can be something to take, if nobody wakes it.</summary>
    public abstract TimeSpan DueIn { get; }

    /// <summary>What it costs to be subscribed to it: the bytes of its result, while there may be another one.</summary>
    public abstract int LiveBytes { get; }

    /// <summary>Something has changed in a conversation; null means in any. <paramref name="byThisClient"/>: it waits for the new result.</summary>
    public abstract void Changed(string? conversationId, bool byThisClient);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A query for rows: it is asked again when something has changed.</summary>
internal sealed class RowQuery(ConvexFunctions functions, CurrentUser user, string path, JsonElement args, TimeProvider time) : LiveQuery
{
    private readonly Pace _pace = new(time);
    private readonly string? _chatId =
        ConvexFunctions.NameOf(path) == ConvexFunctions.GetChat
        && !ConvexFunctions.IsBad<ConvexFunctions.ChatArguments>(args, out _, out var get)
            ? get.ChatId
            : null;
    private readonly byte[] _sent = new byte[SHA256.HashSizeInBytes];
    private bool _isStale = true,
        _isUrgent = true;
    private DateTimeOffset? _changesAt;
    private int _length;

    public override TimeSpan DueIn =>
        _isUrgent ? TimeSpan.Zero
        : _isStale ? _pace.Left
        : ChangesIn;

    public override int LiveBytes => _length;

    private TimeSpan ChangesIn => _changesAt is { } at ? at - time.GetUtcNow() : TimeSpan.MaxValue;

    public override void Changed(string? conversationId, bool byThisClient)
    {
        if (_chatId is not null && conversationId is not null && conversationId != _chatId)
        {
            return;
        }

        _isStale = true;
        _isUrgent |= byThisClient;
    }

    public override async ValueTask<FunctionResult?> TakeAsync(CancellationToken cancellationToken)
    {
        if (DueIn > TimeSpan.Zero)
        {
            return null;
        }

        (_isStale, _isUrgent) = (false, false);
        var result = await functions.QueryRowsAsync(user, path, args, cancellationToken);
        _changesAt = result.ChangesAt;
        _length = result.Value.Length;
        _pace.Sent(_length);
        var hash = SHA256.HashData(
            result.Failure is null ? result.Value.Span : System.Text.Encoding.UTF8.GetBytes(result.Failure.Code + result.Failure.Detail)
        );
        if (hash.AsSpan().SequenceEqual(_sent))
        {
            return null;
        }

        hash.CopyTo(_sent, 0);
        return result;
    }

    public override ValueTask DisposeAsync() => default;
}

/// <summary>A query for a stream's body: it follows the log.</summary>
internal sealed class BodyQuery(PacedBody body) : LiveQuery
{
    public override TimeSpan DueIn => body.DueIn;

    public override int LiveBytes => body.Body?.Text.Length ?? 0;

    public override void Changed(string? conversationId, bool byThisClient) => body.Poke(conversationId);

    public override async ValueTask<FunctionResult?> TakeAsync(CancellationToken cancellationToken)
    {
        if (!await body.TakeAsync(cancellationToken))
        {
            return null;
        }

        var result = ConvexFunctions.BodyOf(body.Body);
        body.Sent(result.Value.Length);
        return result;
    }

    public override ValueTask DisposeAsync() => body.DisposeAsync();
}
