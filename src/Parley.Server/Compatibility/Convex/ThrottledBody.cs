using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// A body that is sent whole each time it has changed, at a limited rate. Text between two sends is not buffered: it stays in the log. Used
/// by one task, except for <see cref="MarkChanged"/>.
/// </summary>
internal sealed class ThrottledBody : IAsyncDisposable
{
    private static readonly TimeSpan MinReloadInterval = TimeSpan.FromMilliseconds(50);

    private readonly StreamBodyReader _reader;
    private readonly SendThrottle _throttle;
    private readonly TimeProvider _time;
    private readonly Action _wake;
    private volatile bool _isWoken = true;
    private bool _hasChanged = true;
    private long? _readAt;

    /// <param name="bodies">The bodies of streams.</param>
    /// <param name="user">The caller.</param>
    /// <param name="streamId">The stream, which may be missing.</param>
    /// <param name="wake">Called, on any thread, when the body may have changed.</param>
    /// <param name="time">The clock.</param>
    public ThrottledBody(StreamBodies bodies, CurrentUser user, string? streamId, Action wake, TimeProvider time)
    {
        (_wake, _time, _throttle) = (wake, time, new SendThrottle(time));
        _reader = bodies.Follow(user, streamId, OnWake);
    }

    /// <summary>The body at the last read; null when the stream is missing.</summary>
    public StreamBody? Body => _reader.Body;

    /// <summary>Whether the body no longer changes, unless the stream is deleted.</summary>
    public bool IsFinal => _reader.IsFinal;

    /// <summary>The time until the next read or send is due without a wake.</summary>
    public TimeSpan DueIn
    {
        get
        {
            var read =
                !_isWoken ? _reader.ChangesIn
                : _readAt is { } at ? MinReloadInterval - _time.GetElapsedTime(at)
                : TimeSpan.Zero;
            var send =
                !_hasChanged ? TimeSpan.MaxValue
                : IsFinal ? _throttle.FinalDelay
                : _throttle.Delay;
            return read < send ? read : send;
        }
    }

    /// <summary>Marks a conversation as changed; null for any.</summary>
    public void MarkChanged(string? conversationId) => _reader.MarkChanged(conversationId);

    /// <summary>Reads the body. True when <see cref="Body"/> has changed since it was last sent, and may be sent now.</summary>
    public async ValueTask<bool> TakeAsync(CancellationToken cancellationToken)
    {
        if (DueIn > TimeSpan.Zero)
        {
            return false;
        }

        (_isWoken, _readAt) = (false, _time.GetTimestamp());
        _hasChanged |= await _reader.RefreshAsync(cancellationToken);
        return _hasChanged && (IsFinal ? _throttle.FinalDelay : _throttle.Delay) == TimeSpan.Zero;
    }

    /// <summary>Records that the body was sent, with this number of bytes.</summary>
    public void Sent(int bytes)
    {
        _hasChanged = false;
        _throttle.Sent(bytes);
        if (IsFinal)
        {
            _reader.Release();
        }
    }

    private void OnWake()
    {
        _isWoken = true;
        _wake();
    }

    public ValueTask DisposeAsync() => _reader.DisposeAsync();
}
