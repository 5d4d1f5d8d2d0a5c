using System.Security.Cryptography;
using System.Text.Json;
using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>A query with a subscription. Used by one task.</summary>
internal abstract class LiveQuery : IAsyncDisposable
{
    /// <summary>The result, if it has changed and may be sent now; otherwise null.</summary>
    public abstract ValueTask<FunctionResult?> TakeAsync(CancellationToken cancellationToken);

    /// <summary>The time until the next read or send is due without a wake.</summary>
    public abstract TimeSpan DueIn { get; }

    /// <summary>The memory that the subscription needs: the bytes of its result.</summary>
    public abstract int LiveBytes { get; }

    /// <summary>
    /// Marks a conversation as changed; null for any. A change <paramref name="byThisClient"/> is not throttled, as the client waits for
    /// the result.
    /// </summary>
    public abstract void MarkChanged(string? conversationId, bool byThisClient);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A query for rows, which is run again after a change.</summary>
internal sealed class RowQuery(ConvexFunctions functions, CurrentUser user, string path, JsonElement args, TimeProvider time) : LiveQuery
{
    private readonly SendThrottle _throttle = new(time);
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
        : _isStale ? _throttle.Delay
        : ChangesIn;

    public override int LiveBytes => _length;

    private TimeSpan ChangesIn => _changesAt is { } at ? at - time.GetUtcNow() : TimeSpan.MaxValue;

    public override void MarkChanged(string? conversationId, bool byThisClient)
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
        _throttle.Sent(_length);
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

/// <summary>A query for a stream's body, which follows the log.</summary>
internal sealed class BodyQuery(ThrottledBody body) : LiveQuery
{
    public override TimeSpan DueIn => body.DueIn;

    public override int LiveBytes => body.Body?.Text.Length ?? 0;

    public override void MarkChanged(string? conversationId, bool byThisClient) => body.MarkChanged(conversationId);

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
