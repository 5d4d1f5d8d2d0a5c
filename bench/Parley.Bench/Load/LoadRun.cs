using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Parley.Bench;

/// <summary>All streams of a load run in one thread: starts the requests that are due and reads the sockets that are readable.</summary>
internal sealed class LoadRun(LoadPlan plan) : IDisposable
{
    private const long RssInterval = 100 * Clock.Millisecond;
    private const int MaxStartsAtOnce = 8;

    /// <summary>Open files of the process besides the connections.</summary>
    private const int ReservedFiles = 100;

    private readonly Epoll _epoll = new();
    private readonly IPEndPoint _server = new(IPAddress.Loopback, plan.Url.Port);
    private readonly PriorityQueue<PlannedRequest, long> _planned = new();
    private readonly Dictionary<int, (LoadStream Stream, PlannedRequest Request)> _open = [];
    private readonly Queue<LoadStream> _connected = [];
    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly LatencySamples _lateness = new();
    private readonly LatencySamples _followerLateness = new();
    private readonly LatencySamples _firstToken = new();
    private readonly LatencySamples _followerFirstToken = new();
    private readonly Dictionary<string, int> _errors = [];
    private int _nextKey;
    private int _complete;
    private int _failed;
    private int _truncated;
    private long _tokens;
    private long _bytes;
    private double _rssBefore;
    private double _rssPeak;

    private sealed record PlannedRequest(int Stream, int Round, byte[] Bytes, bool IsFollower);

    public int ExpectedTokens => plan.ExpectedTokens;

    private int Requests => plan.Streams * plan.Rounds + plan.Followers;

    private int Ended => _complete + _failed + _truncated;

    public LoadResult Run()
    {
        RequireOpenFiles();
        if (plan.ConnectFirst)
        {
            ConnectAll();
        }

        for (var i = 0; i < plan.Streams; i++)
        {
            Plan(i, round: 0, Clock.Now + plan.Ramp * i / plan.Streams);
        }

        var serverCpu = ProcessStats.CpuSeconds(plan.ServerPids);
        var databaseCpu = ProcessStats.CpuSeconds(plan.DatabasePids);
        var ownCpu = ProcessStats.OwnCpuSeconds();
        _rssBefore = _rssPeak = ProcessStats.RssMb(plan.ServerPids);

        var start = Clock.Now;
        Loop(start + plan.Timeout);
        var seconds = Clock.ToSeconds(Clock.Now - start);

        serverCpu = ProcessStats.CpuSeconds(plan.ServerPids) - serverCpu;
        databaseCpu = ProcessStats.CpuSeconds(plan.DatabasePids) - databaseCpu;
        ownCpu = ProcessStats.OwnCpuSeconds() - ownCpu;
        return new LoadResult
        {
            Requests = Requests,
            Complete = _complete,
            Failed = _failed,
            Truncated = _truncated,
            Errors = _errors,
            Seconds = Math.Round(seconds, 3),
            Tokens = _tokens,
            Bytes = _bytes,
            TokensPerSecond = Math.Round(_tokens / seconds, 1),
            FirstToken = (plan.Followers > 0 ? _followerFirstToken : _firstToken).Percentiles(),
            Lateness = (plan.Followers > 0 ? _followerLateness : _lateness).Percentiles(),
            ServerCpuSeconds = Math.Round(serverCpu, 2),
            ServerCpuPerToken = MicrosecondsPerToken(serverCpu),
            DatabaseCpuSeconds = Math.Round(databaseCpu, 2),
            DatabaseCpuPerToken = MicrosecondsPerToken(databaseCpu),
            GeneratorCpuPerToken = MicrosecondsPerToken(ownCpu),
            RssBeforeMb = Math.Round(_rssBefore, 1),
            RssPeakMb = Math.Round(_rssPeak, 1),
            KbPerStream = Math.Round((_rssPeak - _rssBefore) * 1024 / Math.Max(plan.Streams, plan.Followers), 2),
        };
    }

    /// <summary>Called by a stream when the head of its response is complete: lets the followers join the first one.</summary>
    public void OnHead(LoadStream stream)
    {
        if (plan.Followers == 0 || stream.IsFollower || stream.Response.Header(plan.IdHeader) is not { } id)
        {
            return;
        }

        _rssBefore = ProcessStats.RssMb(plan.ServerPids);
        var path = plan.FollowPath.Replace("{id}", id, StringComparison.Ordinal);
        var headers = plan.Headers.ToList();
        if (stream.Response.Header("Set-Cookie") is { } cookie)
        {
            headers.Add("Cookie: " + cookie.Split(';')[0]);
        }

        var request = HttpRequest.Encode(plan.Url, "GET", path, headers, body: null);
        var now = Clock.Now;
        for (var i = 0; i < plan.Followers; i++)
        {
            _planned.Enqueue(new PlannedRequest(plan.Streams + i, 0, request, IsFollower: true), now + plan.Ramp * i / plan.Followers);
        }
    }

    public void OnFirstToken(LoadStream stream, long elapsed) => (stream.IsFollower ? _followerFirstToken : _firstToken).Add(elapsed);

    public void OnToken(LoadStream stream, long lateness) => (stream.IsFollower ? _followerLateness : _lateness).Add(lateness);

    public void OnEnd(LoadStream stream, string? error)
    {
        _tokens += stream.Tokens;
        _bytes += stream.Bytes;
        switch (error)
        {
            case null:
                _complete++;
                return;
            case LoadStream.TooFewTokens:
                _truncated++;
                break;
            default:
                _failed++;
                break;
        }

        CountError(error);
    }

    public void Dispose() => _epoll.Dispose();

    private void RequireOpenFiles()
    {
        var limit = ProcessStats.MaxOpenFiles();
        if (plan.Streams + plan.Followers + ReservedFiles > limit)
        {
            throw new InvalidOperationException(
                $"{plan.Streams + plan.Followers} connections exceed the limit of {limit} open files (ulimit -n)."
            );
        }
    }

    private double MicrosecondsPerToken(double seconds) => Math.Round(seconds * 1e6 / Math.Max(1, _tokens), 2);

    private void Loop(long deadline)
    {
        var nextRss = Clock.Now + RssInterval;
        while ((_planned.Count > 0 || _open.Count > 0) && Clock.Now < deadline)
        {
            var now = Clock.Now;
            if (now >= nextRss)
            {
                _rssPeak = Math.Max(_rssPeak, ProcessStats.RssMb(plan.ServerPids));
                nextRss = now + RssInterval;
            }

            StartDue(now);
            var ready = _epoll.Wait(MillisecondsToNext(nextRss));
            for (var i = 0; i < ready; i++)
            {
                Read(_epoll.Key(i));
            }
        }

        _rssPeak = Math.Max(_rssPeak, ProcessStats.RssMb(plan.ServerPids));
        foreach (var (stream, _) in _open.Values.ToList())
        {
            stream.End("timeout");
        }

        var missing = Requests - Ended;
        if (missing > 0)
        {
            _failed += missing;
            CountError("not started", missing);
        }
    }

    private int MillisecondsToNext(long nextRss)
    {
        var next = _planned.TryPeek(out _, out var start) ? Math.Min(start, nextRss) : nextRss;
        return (int)Math.Clamp((next - Clock.Now) / Clock.Millisecond, 0, 100);
    }

    // Only a few at a time, so that the streams that are open are read in between. Requests on connections that are already open go all at
    // once.
    private void StartDue(long now)
    {
        for (var i = 0; (i < MaxStartsAtOnce || _connected.Count > 0) && _planned.TryPeek(out var request, out var due) && due <= now; i++)
        {
            _planned.Dequeue();
            var isConnected = _connected.TryDequeue(out var stream);
            stream ??= new LoadStream(this, _nextKey++, request.IsFollower);
            try
            {
                if (!isConnected)
                {
                    stream.Connect(_server);
                }

                stream.Send(_epoll, request.Bytes, includeConnecting: !isConnected);
                _open[stream.Key] = (stream, request);
            }
            catch (SocketException exception)
            {
                stream.End(exception.SocketErrorCode.ToString());
            }
        }
    }

    private void ConnectAll()
    {
        for (var i = 0; i < plan.Streams; i++)
        {
            var stream = new LoadStream(this, _nextKey++, isFollower: false);
            stream.Connect(_server);
            _connected.Enqueue(stream);
        }

        // gives the server time to accept all of them
        Thread.Sleep(300);
    }

    private void Read(int key)
    {
        if (!_open.TryGetValue(key, out var entry))
        {
            return;
        }

        var endedBefore = Ended;
        try
        {
            entry.Stream.Receive(_buffer);
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException)
        {
            entry.Stream.End("invalid HTTP");
        }

        if (Ended == endedBefore)
        {
            return;
        }

        _open.Remove(key);
        if (!entry.Request.IsFollower && entry.Request.Round + 1 < plan.Rounds)
        {
            Plan(entry.Request.Stream, entry.Request.Round + 1, Clock.Now + plan.Pause);
        }
    }

    private void Plan(int stream, int round, long due)
    {
        var number = (stream * plan.Rounds + round).ToString(CultureInfo.InvariantCulture);
        string Fill(string text) => text.Replace("{i}", number, StringComparison.Ordinal);
        var request = HttpRequest.Encode(
            plan.Url,
            plan.Body is null ? "GET" : "POST",
            Fill(Uri.UnescapeDataString(plan.Url.PathAndQuery)),
            plan.Headers.Select(Fill),
            plan.Body is null ? null : Fill(plan.Body)
        );
        _planned.Enqueue(new PlannedRequest(stream, round, request, IsFollower: false), due);
    }

    private void CountError(string error, int count = 1) => _errors[error] = _errors.GetValueOrDefault(error) + count;
}
