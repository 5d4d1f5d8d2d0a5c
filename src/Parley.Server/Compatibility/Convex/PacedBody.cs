using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary>A body to be sent whole each time that it has changed, but not too often. What comes meanwhile stays in the log. Used by one task, except for <see cref="Poke"/>.</summary>
internal sealed class PacedBody : IAsyncDisposable
{
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(50);

    private readonly BodyFollower _follower;
    private readonly Pace _pace;
    private readonly TimeProvider _time;
    private readonly Action _wake;
    private volatile bool _isWoken = true;
    private bool _isNews = true;
    private long? _lookedAt;

    /// <param name="bodies">Where bodies are.</param>
    /// <param name="user">Who asks.</param>
    /// <param name="streamId">The stream, which may be missing.</param>
    /// <param name="wake">Called, on any thread, when there may be something to take.</param>
    /// <param name="time">The clock.</param>
    public PacedBody(StreamBodies bodies, CurrentUser user, string? streamId, Action wake, TimeProvider time)
    {
        (_wake, _time, _pace) = (wake, time, new Pace(time));
        _follower = bodies.Follow(user, streamId, OnNews);
    }

    /// <summary>The body as it was last taken; null when the stream is missing.</summary>
    public StreamBody? Body => _follower.Body;

    /// <summary>Nothing more will come, unless the stream is deleted, or was.</summary>
    public bool IsFinal => _follower.IsFinal;

    /// <summary>How long until there can be something to take, if nobody wakes it.</summary>
    public TimeSpan DueIn
    {
        get
        {
            var look =
                !_isWoken ? _follower.ChangesIn
                : _lookedAt is { } at ? LookPause - _time.GetElapsedTime(at)
                : TimeSpan.Zero;
            var send =
                !_isNews ? TimeSpan.MaxValue
                : IsFinal ? _pace.LeftOfLast
                : _pace.Left;
            return look < send ? look : send;
        }
    }

    /// <summary>Something has changed in a conversation; null means in any.</summary>
    public void Poke(string? conversationId) => _follower.Poke(conversationId);

    /// <summary>Whether <see cref="Body"/> is to be sent now, since it is another one than was sent before.</summary>
    public async ValueTask<bool> TakeAsync(CancellationToken cancellationToken)
    {
        if (DueIn > TimeSpan.Zero)
        {
            return false;
        }

        (_isWoken, _lookedAt) = (false, _time.GetTimestamp());
        _isNews |= await _follower.RefreshAsync(cancellationToken);
        return _isNews && (IsFinal ? _pace.LeftOfLast : _pace.Left) == TimeSpan.Zero;
    }

    /// <summary>It was sent, in so many bytes.</summary>
    public void Sent(int bytes)
    {
        _isNews = false;
        _pace.Sent(bytes);
        if (IsFinal)
        {
            _follower.Release();
        }
    }

    private void OnNews()
    {
        _isWoken = true;
        _wake();
    }

    public ValueTask DisposeAsync() => _follower.DisposeAsync();
}
