using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;
using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Data;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>
/// One connection of a Convex client. The client subscribes to queries, and gets their results in transitions, each of which starts at the
/// version where the previous one ended. It calls mutations, and gets the response of each one before the transition that shows its effect.
/// One task handles all messages and changes in sequence.
/// </summary>
internal sealed partial class SyncSession(
    SyncSocket socket,
    CurrentUser handshakeUser,
    ConvexFunctions functions,
    ChangeFeed feed,
    IdentityOptions identity,
    TimeSpan heartbeat,
    TimeProvider time,
    ILogger logger
) : IAsyncDisposable
{
    private const int MaxQueries = 256,
        MaxQueryBytes = 16 * 1024,
        MaxLiveBytes = 64 * 1024 * 1024,
        MaxQueuedMessages = 4;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);

    private readonly Waker _waker = new(time);
    private readonly Channel<SyncFrame> _inbox = Channel.CreateBounded<SyncFrame>(
        new BoundedChannelOptions(MaxQueuedMessages) { SingleReader = true, SingleWriter = true }
    );
    private readonly SortedDictionary<uint, (string Path, JsonElement Args, LiveQuery Query)> _queries = [];
    private readonly long _startedAt = time.GetTimestamp();
    private CurrentUser? _authenticated;
    private ChangeSubscription? _changes;
    private SyncVersion _version;
    private ulong _observed;
    private string? _sessionId;
    private bool _isConnected;
    private long _sentAt = time.GetTimestamp();

    private CurrentUser User => _authenticated ?? handshakeUser;

    /// <summary>Serves the connection until it ends.</summary>
    /// <param name="aborted">Cancelled when the connection is lost.</param>
    /// <param name="stopping">Cancelled when the server shuts down.</param>
    public async Task RunAsync(CancellationToken aborted, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        using var registration = stopping.UnsafeRegister(static waker => ((Waker)waker!).Wake(), _waker);
        _changes = new ChangeSubscription(feed, User.Owner, _waker.Wake);
        var receiving = ReceiveAsync(ending.Token);
        try
        {
            var end = await ServeSafelyAsync(aborted, stopping);
            _inbox.Writer.TryComplete();
            if (end.Last is { } last)
            {
                await socket.SendAsync(last, aborted);
            }

            await socket.CloseAsync(end, receiving);
        }
        finally
        {
            await ending.CancelAsync();
            await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Receives until the peer has closed. A full queue delays the client (backpressure); messages after the end are discarded.
    /// </summary>
    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var frame = await socket.ReceiveAsync(cancellationToken);
                if (await _inbox.Writer.WaitToWriteAsync(cancellationToken))
                {
                    _inbox.Writer.TryWrite(frame);
                }

                _waker.Wake();
                if (frame.End is null)
                {
                    continue;
                }

                if (!frame.IsPeerClosed)
                {
                    await socket.DrainAsync(cancellationToken);
                }

                return;
            }
        }
        finally
        {
            _inbox.Writer.TryComplete();
            _waker.Wake();
        }
    }

    private async Task<SyncEnd> ServeSafelyAsync(CancellationToken aborted, CancellationToken stopping)
    {
        try
        {
            return await ServeAsync(aborted, stopping);
        }
        catch (Exception exception) when (exception is not (WebSocketException or IOException or OperationCanceledException))
        {
            LogFailed(exception);
            return SyncEnd.Failed;
        }
    }

    private async Task<SyncEnd> ServeAsync(CancellationToken aborted, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            while (!stopping.IsCancellationRequested && _inbox.Reader.TryRead(out var frame))
            {
                if ((frame.End ?? await HandleAsync(frame.Message!, aborted)) is { } end)
                {
                    return end;
                }
            }

            // The connection was lost.
            if (_inbox.Reader.Completion.IsCompleted)
            {
                return SyncEnd.PeerClosed;
            }

            _changes!.Take(conversation => MarkChanged(conversation, byThisClient: false));
            if (await TakeAsync(aborted) is { Count: > 0 } modifications)
            {
                await TransitionAsync(_version, modifications, aborted);
            }

            if (_queries.Values.Sum(static query => (long)query.Query.LiveBytes) > MaxLiveBytes)
            {
                return SyncEnd.Fatal("The results of this connection's queries are too large in total.");
            }

            if (time.GetElapsedTime(_sentAt) >= heartbeat)
            {
                await SendAsync(SyncMessages.Ping, aborted);
            }

            if (!_isConnected && time.GetElapsedTime(_startedAt) >= ConnectTimeout)
            {
                return new SyncEnd(WebSocketCloseStatus.PolicyViolation, "No Connect message was received.");
            }

            await _waker.WaitAsync(DueIn, aborted);
        }

        return SyncEnd.Restarting;
    }

    /// <summary>The time until something is due without a wake.</summary>
    private TimeSpan DueIn
    {
        get
        {
            var due = heartbeat - time.GetElapsedTime(_sentAt);
            if (!_isConnected && ConnectTimeout - time.GetElapsedTime(_startedAt) is var timeout && timeout < due)
            {
                due = timeout;
            }

            foreach (var (_, _, query) in _queries.Values)
            {
                if (query.DueIn is var next && next < due)
                {
                    due = next;
                }
            }

            return due;
        }
    }

    private ValueTask<SyncEnd?> HandleAsync(SyncMessage message, CancellationToken cancellationToken)
    {
        if (_isConnected == (message.Type == "Connect"))
        {
            return new(SyncEnd.Fatal("The first message, and only the first, must be Connect."));
        }

        switch (message.Type)
        {
            case "Connect":
                return new(Connect(message));
            case "ModifyQuerySet":
                return ModifyQuerySetAsync(message, cancellationToken);
            case "Mutation":
                return MutateAsync(message, cancellationToken);
            case "Action":
                return ActAsync(message, cancellationToken);
            case "Authenticate":
                return AuthenticateAsync(message, cancellationToken);
            case "Event":
                // A client's measurements of itself are ignored.
                return default;
            default:
                return new(SyncEnd.Fatal("Unknown message type."));
        }
    }

    private SyncEnd? Connect(SyncMessage message)
    {
        _isConnected = true;
        _sessionId = message.SessionId;
        if (message.MaxObservedTimestamp is null)
        {
            return null;
        }

        if (SyncVersion.ParseTimestamp(message.MaxObservedTimestamp) is not { } observed)
        {
            return SyncEnd.Fatal("maxObservedTimestamp is not a timestamp.");
        }

        // Every first transition starts at 0. It must end later than what this client has seen on earlier connections, even if this node's
        // clock is behind, as the client derives from it which of its mutations are reflected.
        _observed = observed;
        return null;
    }

    private async ValueTask<SyncEnd?> ModifyQuerySetAsync(SyncMessage message, CancellationToken cancellationToken)
    {
        if (message is not { BaseVersion: { } from, NewVersion: { } to, Modifications: { } modifications })
        {
            return SyncEnd.Fatal("ModifyQuerySet needs a baseVersion, a newVersion and modifications.");
        }

        if (from != _version.QuerySet || to <= from)
        {
            return SyncEnd.Fatal($"The query set is at version {_version.QuerySet}; this message changes it from {from} to {to}.");
        }

        List<StateModification> changes = [];
        foreach (var modification in modifications)
        {
            if (modification is not { QueryId: { } id })
            {
                return SyncEnd.Fatal("A modification of the query set needs a queryId.");
            }

            switch (modification.Type)
            {
                case "Add" when modification.UdfPath is { } path && ConvexFunctions.ArgumentsOf(modification.Args) is { } args:
                    if (_queries.ContainsKey(id))
                    {
                        return SyncEnd.Fatal($"Query {id} already exists.");
                    }

                    if (_queries.Count >= MaxQueries)
                    {
                        return SyncEnd.Fatal($"One connection may subscribe to at most {MaxQueries} queries.");
                    }

                    if (path.Length + JsonMarshal.GetRawUtf8Value(args).Length > MaxQueryBytes)
                    {
                        return SyncEnd.Fatal("The name and the arguments of a query may have at most 16 KiB.");
                    }

                    _queries[id] = (path, args, functions.Watch(User, path, args, _waker.Wake));
                    break;
                case "Remove":
                    if (!_queries.Remove(id, out var removed))
                    {
                        return SyncEnd.Fatal($"There is no query {id}.");
                    }

                    await removed.Query.DisposeAsync();
                    changes.Add(new StateModification(id, null));
                    break;
                default:
                    return SyncEnd.Fatal("A modification of the query set must be Add, with a udfPath and args, or Remove.");
            }
        }

        changes.AddRange(await TakeAsync(cancellationToken));
        await TransitionAsync(_version with { QuerySet = to }, changes, cancellationToken);
        return null;
    }

    private async ValueTask<SyncEnd?> MutateAsync(SyncMessage message, CancellationToken cancellationToken)
    {
        if (message is not { RequestId: { } id, UdfPath: { } path } || ConvexFunctions.ArgumentsOf(message.Args) is not { } args)
        {
            return SyncEnd.Fatal("Mutation needs a requestId, a udfPath and args.");
        }

        var result = await MutateAsync(path, args, _sessionId is null ? null : $"{_sessionId}:{id}", cancellationToken);
        if (result.Failure is not null)
        {
            await SendAsync(SyncMessages.MutationResponse(id, result, 0), cancellationToken);
            return null;
        }

        // The client waits for the transition, and expects the effect of its mutation in it.
        _changes!.Take(conversation => MarkChanged(conversation, byThisClient: true));
        var at = Next(_version);
        await SendAsync(SyncMessages.MutationResponse(id, result, at.Timestamp), cancellationToken);
        await TransitionAsync(at, await TakeAsync(cancellationToken), cancellationToken);
        return null;
    }

    private async Task<FunctionResult> MutateAsync(string path, JsonElement args, string? request, CancellationToken cancellationToken)
    {
        try
        {
            return await functions.MutateAsync(User, path, args, request, cancellationToken);
        }
        catch (DatabaseUnavailableException)
        {
            return FunctionResult.Failed(
                Problems.Of(
                    StatusCodes.Status503ServiceUnavailable,
                    ErrorCodes.StorageUnavailable,
                    "The server cannot store data at the moment. Nothing was changed. Try again later."
                )
            );
        }
    }

    private async ValueTask<SyncEnd?> ActAsync(SyncMessage message, CancellationToken cancellationToken)
    {
        if (message is not { RequestId: { } id })
        {
            return SyncEnd.Fatal("Action needs a requestId.");
        }

        await SendAsync(SyncMessages.ActionResponse(id, FunctionResult.Failed(ConvexFunctions.NoActions)), cancellationToken);
        return null;
    }

    /// <summary>Changes the connection's user, to that of a token or of the handshake, and runs every query again.</summary>
    private async ValueTask<SyncEnd?> AuthenticateAsync(SyncMessage message, CancellationToken cancellationToken)
    {
        if (message.BaseVersion != _version.Identity)
        {
            return SyncEnd.Fatal($"The identity is at version {_version.Identity}.");
        }

        var user = message.TokenType switch
        {
            "None" => handshakeUser,
            "User" when message.Value is { } token => BearerIdentity.Find(token, identity),
            _ => null,
        };
        if (user is null)
        {
            return message.TokenType == "User"
                ? new SyncEnd(
                    WebSocketCloseStatus.PolicyViolation,
                    "Unauthenticated",
                    SyncMessages.AuthError("The token is not accepted.", _version.Identity)
                )
                : SyncEnd.Fatal("tokenType must be User or None.");
        }

        await _changes!.DisposeAsync();
        _authenticated = user;
        _changes = new ChangeSubscription(feed, user.Owner, _waker.Wake);
        foreach (var (id, (path, args, query)) in _queries.ToArray())
        {
            await query.DisposeAsync();
            _queries[id] = (path, args, functions.Watch(user, path, args, _waker.Wake));
        }

        await TransitionAsync(_version with { Identity = _version.Identity + 1 }, await TakeAsync(cancellationToken), cancellationToken);
        return null;
    }

    private void MarkChanged(string? conversationId, bool byThisClient)
    {
        foreach (var (_, _, query) in _queries.Values)
        {
            query.MarkChanged(conversationId, byThisClient);
        }
    }

    /// <summary>The results that have changed and may be sent now.</summary>
    private async ValueTask<List<StateModification>> TakeAsync(CancellationToken cancellationToken)
    {
        List<StateModification> modifications = [];
        foreach (var (id, (_, _, query)) in _queries)
        {
            if (await query.TakeAsync(cancellationToken) is { } result)
            {
                modifications.Add(new StateModification(id, result));
            }
        }

        return modifications;
    }

    private async ValueTask TransitionAsync(
        SyncVersion to,
        IReadOnlyList<StateModification> modifications,
        CancellationToken cancellationToken
    )
    {
        var start = _version;
        _version = Next(to);
        await SendAsync(SyncMessages.Transition(start, _version, modifications), cancellationToken);
    }

    private SyncVersion Next(SyncVersion version) =>
        (version with { Timestamp = Math.Max(version.Timestamp, _observed) }).At(time.GetUtcNow());

    private async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        _sentAt = time.GetTimestamp();
        await socket.SendAsync(message, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, _, query) in _queries.Values)
        {
            await query.DisposeAsync();
        }

        if (_changes is not null)
        {
            await _changes.DisposeAsync();
        }

        _waker.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Closing a sync connection after an unexpected error.")]
    private partial void LogFailed(Exception exception);
}
