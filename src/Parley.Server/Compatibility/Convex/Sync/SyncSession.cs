using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>
/// One connection of a Convex client. It subscribes to queries, and is told their results in transitions, each of which begins at the version where the one before has ended. It calls mutations, and learns of
/// each that it has taken effect before the transition that shows it. Everything that happens is dealt with by one task, one after the other.
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
        MaxWaiting = 4;
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(30);

    private readonly Signal _signal = new(time);
    private readonly Channel<SyncFrame> _inbox = Channel.CreateBounded<SyncFrame>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true }
    );
    private readonly SortedDictionary<uint, (string Path, JsonElement Args, LiveQuery Query)> _queries = [];
    private readonly long _began = time.GetTimestamp();
    private CurrentUser? _authenticated;
    private ChangeWatch? _changes;
    private SyncVersion _version;
    private ulong _observed;
    private string? _sessionId;
    private bool _isConnected;
    private long _sentAt = time.GetTimestamp();

    private CurrentUser User => _authenticated ?? handshakeUser;

    /// <summary>Serves the connection to its end.</summary>
    /// <param name="aborted">The connection is gone.</param>
    /// <param name="leaving">The server is about to leave.</param>
    public async Task RunAsync(CancellationToken aborted, CancellationToken leaving)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        using var nudge = leaving.UnsafeRegister(static signal => ((Signal)signal!).Set(), _signal);
        _changes = new ChangeWatch(feed, User.Owner, _signal.Set);
        var receiving = ReceiveAsync(over.Token);
        try
        {
            var end = await ServeSafelyAsync(aborted, leaving);
            _inbox.Writer.TryComplete();
            if (end.Last is { } last)
            {
                await socket.SendAsync(last, aborted);
            }

            await socket.CloseAsync(end, receiving);
        }
        finally
        {
            await over.CancelAsync();
            await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads until the peer has closed. A client that sends faster than it is served waits; what comes after the end is thrown away.</summary>
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

                _signal.Set();
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
            _signal.Set();
        }
    }

    private async Task<SyncEnd> ServeSafelyAsync(CancellationToken aborted, CancellationToken leaving)
    {
        try
        {
            return await ServeAsync(aborted, leaving);
        }
        catch (Exception error) when (error is not (WebSocketException or IOException or OperationCanceledException))
        {
            LogBroke(error);
            return SyncEnd.Broke;
        }
    }

    private async Task<SyncEnd> ServeAsync(CancellationToken aborted, CancellationToken leaving)
    {
        while (!leaving.IsCancellationRequested)
        {
            while (!leaving.IsCancellationRequested && _inbox.Reader.TryRead(out var frame))
            {
                if ((frame.End ?? await HandleAsync(frame.Message!, aborted)) is { } end)
                {
                    return end;
                }
            }

            // The connection broke.
            if (_inbox.Reader.Completion.IsCompleted)
            {
                return SyncEnd.Gone;
            }

            _changes!.Take(conversation => Changed(conversation, byThisClient: false));
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

            if (!_isConnected && time.GetElapsedTime(_began) >= ConnectPatience)
            {
                return new SyncEnd(WebSocketCloseStatus.PolicyViolation, "No Connect message was received.");
            }

            await _signal.WaitAsync(DueIn, aborted);
        }

        return SyncEnd.Restarting;
    }

    /// <summary>How long there is nothing to do, if nobody sets the signal.</summary>
    private TimeSpan DueIn
    {
        get
        {
            var due = heartbeat - time.GetElapsedTime(_sentAt);
            if (!_isConnected && ConnectPatience - time.GetElapsedTime(_began) is var patience && patience < due)
            {
                due = patience;
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
            return new(SyncEnd.Fatal("The first message must be Connect, and no other message may be."));
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
                // What a client measured of itself.
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

        // Every first transition begins at 0. That it ends later than what this client has seen on an earlier connection, also where this clock is behind, tells it which of its mutations are reflected.
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
            return SyncEnd.Fatal($"The query set is at version {_version.QuerySet}; this message would take it from {from} to {to}.");
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

                    _queries[id] = (path, args, functions.Watch(User, path, args, _signal.Set));
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

        // The client waits for the transition, and expects to see in it what it has done.
        _changes!.Take(conversation => Changed(conversation, byThisClient: true));
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

    /// <summary>From here on another person asks, or again the one who came with the handshake: every query is asked anew.</summary>
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
                : SyncEnd.Fatal("tokenType is User or None.");
        }

        await _changes!.DisposeAsync();
        _authenticated = user;
        _changes = new ChangeWatch(feed, user.Owner, _signal.Set);
        foreach (var (id, (path, args, query)) in _queries.ToArray())
        {
            await query.DisposeAsync();
            _queries[id] = (path, args, functions.Watch(user, path, args, _signal.Set));
        }

        await TransitionAsync(_version with { Identity = _version.Identity + 1 }, await TakeAsync(cancellationToken), cancellationToken);
        return null;
    }

    private void Changed(string? conversationId, bool byThisClient)
    {
        foreach (var (_, _, query) in _queries.Values)
        {
            query.Changed(conversationId, byThisClient);
        }
    }

    /// <summary>The results that are others than the client knows, and whose time has come.</summary>
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

        _signal.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A sync connection is closed after an error.")]
    private partial void LogBroke(Exception error);
}
