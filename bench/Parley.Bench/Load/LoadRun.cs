using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Parley.Bench;

/// <summary>All streams of a load run in one thread: what is due to begin begins, what is readable is read.</summary>
internal sealed class LoadRun(LoadPlan plan) : IDisposable
{
    private const long SampleEvery = 100 * Clock.Millisecond;
    private const int BeginAtOnce = 8;

    private readonly Epoll _epoll = new();
    private readonly IPEndPoint _server = new(IPAddress.Loopback, plan.Url.Port);
    private readonly PriorityQueue<Start, long> _starts = new();
    private readonly Dictionary<int, (LoadStream Stream, Start Start)> _open = [];
    private readonly Queue<LoadStream> _connected = [];
    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly Samples _late = new(),
        _followerLate = new(),
        _first = new(),
        _followerFirst = new();
    private readonly Dictionary<string, int> _faults = [];
    private int _keys,
        _ok,
        _bad,
        _short;
    private long _tokens,
        _bytes;
    private double _rssBefore,
        _rssPeak;

    private sealed record Start(int Stream, int Round, byte[] Request, bool IsFollower);

    public int Expect => plan.Expect;

    private int Expected => plan.Streams * plan.Rounds + plan.Followers;

    public LoadResult Run()
    {
        if (plan.ConnectFirst)
        {
            ConnectFirst();
        }

        for (var i = 0; i < plan.Streams; i++)
        {
            Plan(i, round: 0, Clock.Now + plan.Ramp * i / plan.Streams);
        }

        var (cpu, side, own) = (Processes.Cpu(plan.Pids), Processes.Cpu(plan.SidePids), Processes.OwnCpu());
        _rssBefore = _rssPeak = Processes.RssMb(plan.Pids);

        var began = Clock.Now;
        Loop(began + plan.Timeout);
        var seconds = (Clock.Now - began) / (double)Clock.Second;

        cpu = Processes.Cpu(plan.Pids) - cpu;
        var tokens = Math.Max(1, _tokens);
        return new LoadResult
        {
            Requests = Expected,
            Ok = _ok,
            Bad = _bad,
            Short = _short,
            Faults = _faults,
            Seconds = Math.Round(seconds, 3),
            Tokens = _tokens,
            Bytes = _bytes,
            TokensPerSecond = Math.Round(_tokens / seconds, 1),
            FirstToken = (plan.Followers > 0 ? _followerFirst : _first).Spread(),
            Late = (plan.Followers > 0 ? _followerLate : _late).Spread(),
            CpuSeconds = Math.Round(cpu, 2),
            CpuPerToken = Math.Round(cpu * 1e6 / tokens, 2),
            SideCpuPerToken = Math.Round((Processes.Cpu(plan.SidePids) - side) * 1e6 / tokens, 2),
            OwnCpuPerToken = Math.Round((Processes.OwnCpu() - own) * 1e6 / tokens, 2),
            RssBeforeMb = Math.Round(_rssBefore, 1),
            RssPeakMb = Math.Round(_rssPeak, 1),
            KbPerStream = Math.Round((_rssPeak - _rssBefore) * 1024 / Math.Max(plan.Streams, plan.Followers), 2),
        };
    }

    public void HeadArrived(LoadStream stream)
    {
        if (plan.Followers == 0 || stream.IsFollower || stream.Answer.Header(plan.IdHeader) is not { } id)
        {
            return;
        }

        _rssBefore = Processes.RssMb(plan.Pids);
        var path = plan.FollowPath.Replace("{id}", id, StringComparison.Ordinal);
        var headers = plan.Headers.ToList();
        if (stream.Answer.Header("Set-Cookie") is { } cookie)
        {
            headers.Add("Cookie: " + cookie.Split(';')[0]);
        }

        var request = HttpRequest.Encode(plan.Url, "GET", path, headers, body: null);
        for (var i = 0; i < plan.Followers; i++)
        {
            _starts.Enqueue(new Start(plan.Streams + i, 0, request, IsFollower: true), Clock.Now + plan.Ramp * i / plan.Followers);
        }
    }

    public void FirstToken(LoadStream stream, long after) => (stream.IsFollower ? _followerFirst : _first).Add(after);

    public void Token(LoadStream stream, long late) => (stream.IsFollower ? _followerLate : _late).Add(late);

    public void Ended(LoadStream stream, string? fault)
    {
        _tokens += stream.Tokens;
        _bytes += stream.Bytes;
        if (fault is null)
        {
            _ok++;
        }
        else if (fault == LoadStream.TooShort)
        {
            _short++;
        }
        else
        {
            _bad++;
        }

        if (fault is not null)
        {
            Blame(fault);
        }
    }

    public void Dispose() => _epoll.Dispose();

    private void Loop(long deadline)
    {
        var nextSample = Clock.Now + SampleEvery;
        while ((_starts.Count > 0 || _open.Count > 0) && Clock.Now < deadline)
        {
            var now = Clock.Now;
            if (now >= nextSample)
            {
                _rssPeak = Math.Max(_rssPeak, Processes.RssMb(plan.Pids));
                nextSample = now + SampleEvery;
            }
            BeginDue(now);
            var ready = _epoll.Wait(UntilNextStart(nextSample));
            for (var i = 0; i < ready; i++)
            {
                Read(_epoll.Key(i));
            }
        }
        _rssPeak = Math.Max(_rssPeak, Processes.RssMb(plan.Pids));
        foreach (var (stream, _) in _open.Values.ToList())
        {
            stream.End("no end in time");
        }

        var missing = Expected - _ok - _bad - _short;
        if (missing > 0)
        {
            _bad += missing;
            Blame("never begun", missing);
        }
    }

    private int UntilNextStart(long nextSample)
    {
        var next = _starts.TryPeek(out _, out var start) ? Math.Min(start, nextSample) : nextSample;
        return (int)Math.Clamp((next - Clock.Now) / Clock.Millisecond, 0, 100);
    }

    // a few at a time, so that those begun before are read meanwhile; those that are connected go all at once
    private void BeginDue(long now)
    {
        for (var i = 0; (i < BeginAtOnce || _connected.Count > 0) && _starts.TryPeek(out var start, out var due) && due <= now; i++)
        {
            _starts.Dequeue();
            var wasConnected = _connected.TryDequeue(out var stream);
            stream ??= new LoadStream(this, _keys++, start.IsFollower);
            try
            {
                if (!wasConnected)
                {
                    stream.Connect(_server);
                }

                stream.Ask(_epoll, start.Request, countsConnecting: !wasConnected);
                _open[stream.Key] = (stream, start);
            }
            catch (SocketException e)
            {
                stream.End(e.SocketErrorCode.ToString());
            }
        }
    }

    private void ConnectFirst()
    {
        for (var i = 0; i < plan.Streams; i++)
        {
            var stream = new LoadStream(this, _keys++, isFollower: false);
            stream.Connect(_server);
            _connected.Enqueue(stream);
        }
        // until the server has accepted them all
        Thread.Sleep(300);
    }

    private void Read(int key)
    {
        if (!_open.TryGetValue(key, out var entry))
        {
            return;
        }

        var before = _ok + _bad + _short;
        try
        {
            entry.Stream.Receive(_buffer);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            entry.Stream.End("not HTTP");
        }
        if (_ok + _bad + _short == before)
        {
            return;
        }

        _open.Remove(key);
        if (!entry.Start.IsFollower && entry.Start.Round + 1 < plan.Rounds)
        {
            Plan(entry.Start.Stream, entry.Start.Round + 1, Clock.Now + plan.Pause);
        }
    }

    private void Plan(int stream, int round, long when)
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
        _starts.Enqueue(new Start(stream, round, request, IsFollower: false), when);
    }

    private void Blame(string fault, int times = 1) => _faults[fault] = _faults.GetValueOrDefault(fault) + times;
}
