using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>
/// The provider's loop: one thread, one epoll, one timer. What is due is sent in the order of its time; the time of a token is reckoned from the
/// answer's beginning, so pacing never drifts. Being cheap matters, since it runs on the cores of the server under test.
/// </summary>
internal sealed class MockProvider : IDisposable
{
    private const int ListenerKey = -1,
        AlarmKey = -2;

    private readonly Epoll _epoll = new();
    private readonly AlarmClock _alarm;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<ProviderConnection?> _connections = [];
    private readonly Stack<int> _free = [];
    private readonly PriorityQueue<(ProviderConnection To, Answer Answer), long> _due = new();
    private readonly Dictionary<string, Frames> _frames = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly string[] _models;
    private readonly long _tick;
    private long _calls,
        _tokens;

    /// <param name="port">On the loopback address.</param>
    /// <param name="models">What <c>GET /v1/models</c> lists; it answers to any other name, too.</param>
    /// <param name="tick">A wake-up serves all that falls due within this: timers of programs are seldom finer than a millisecond.</param>
    public MockProvider(int port, string[] models, long tick)
    {
        (_models, _tick) = (models, tick);
        _alarm = new AlarmClock(_epoll, AlarmKey);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(4096);
        _listener.Blocking = false;
        _epoll.Watch(_listener.Handle, ListenerKey, Epoll.Readable);
    }

    /// <summary>Answers whose reader left.</summary>
    public long Aborted { get; set; }

    public void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var ready = _epoll.Wait(UntilNext());
            for (var i = 0; i < ready; i++)
            {
                Handle(_epoll.Key(i), _epoll.Happened(i));
            }

            SendDue();
        }
    }

    public void Forget(int key)
    {
        _connections[key] = null;
        _free.Push(key);
    }

    public void Watch(Socket socket, int key, uint interest) => _epoll.Rewatch(socket.Handle, key, interest);

    public void Schedule(ProviderConnection to)
    {
        if (to.Answer is { } answer && answer.Due != Answer.Never)
        {
            _due.Enqueue((to, answer), answer.Due);
        }
    }

    public void Serve(ProviderConnection to, string head, ReadOnlyMemory<byte> body)
    {
        var start = head.AsSpan(0, head.IndexOf('\r', StringComparison.Ordinal));
        if (start.StartsWith("POST ") && start.Contains("/chat/completions ", StringComparison.Ordinal))
        {
            Complete(to, body);
        }
        else if (start.StartsWith("GET /v1/models "))
        {
            Json(
                to,
                new
                {
                    @object = "list",
                    data = _models.Select(id => new
                    {
                        id,
                        @object = "model",
                        created = 1,
                        owned_by = "mock",
                    }),
                }
            );
        }
        else if (start.StartsWith("GET /stats "))
        {
            Json(
                to,
                new
                {
                    calls = _calls,
                    open = _connections.Count(connection => connection?.Answer is not null),
                    aborted = Aborted,
                    tokens = _tokens,
                }
            );
        }
        else
        {
            Error(to, 404, "not_found");
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _alarm.Dispose();
        _epoll.Dispose();
    }

    private static void Json<T>(ProviderConnection to, T value) =>
        to.SendWhole(200, "application/json", JsonSerializer.SerializeToUtf8Bytes(value));

    private static void Error(ProviderConnection to, int status, string code) =>
        to.SendWhole(
            status,
            "application/json",
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    error = new
                    {
                        message = $"Scripted {status}, key sk-SECRET-UPSTREAM",
                        type = "scripted",
                        code,
                    },
                }
            ),
            status is 429 or 503 ? "Retry-After: 2\r\n" : ""
        );

    private void Complete(ProviderConnection to, ReadOnlyMemory<byte> body)
    {
        _calls++;
        Script script;
        bool stream,
            usage;
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            script = Script.Parse(root.GetProperty("model").GetString()!);
            stream = root.TryGetProperty("stream", out var asked) && asked.ValueKind == JsonValueKind.True;
            usage =
                root.TryGetProperty("stream_options", out var options)
                && options.TryGetProperty("include_usage", out var wanted)
                && wanted.ValueKind == JsonValueKind.True;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            Error(to, 400, "bad_request");
            return;
        }
        if (AnswersOtherwise(to, script))
        {
            return;
        }

        if (!stream)
        {
            to.SendWhole(200, "application/json", Answer.Whole(script));
            _tokens += script.Tokens;
            return;
        }
        if (!_frames.TryGetValue(script.Model, out var frames))
        {
            _frames[script.Model] = frames = new Frames(script.Model);
        }

        to.Answer = new Answer(to, script, frames, usage, (int)(_calls & 0xFFFFFF));
        to.Answer.Begin();
        Schedule(to);
    }

    /// <summary>The faults that take the place of the whole answer.</summary>
    private static bool AnswersOtherwise(ProviderConnection to, Script script)
    {
        switch (script.Fault)
        {
            case { } fault when int.TryParse(fault, NumberStyles.None, CultureInfo.InvariantCulture, out var status):
                Error(to, status, "scripted_" + fault);
                return true;
            case "html":
                to.SendWhole(200, "text/html", "<html><body>Bad gateway</body></html>"u8);
                return true;
            case "redirect":
                to.SendWhole(302, "text/plain", default, "Location: http://127.0.0.1:1/internal\r\n");
                return true;
            case "hang":
                return true;
            default:
                return false;
        }
    }

    private void Handle(int key, uint what)
    {
        if (key == ListenerKey)
        {
            Accept();
        }
        else if (key >= 0)
        {
            _connections[key]?.Happened(what, _buffer);
        }
    }

    private void Accept()
    {
        // one by one: the loop comes back at once while there are more, and an empty queue would cost an exception
        var socket = _listener.Accept();
        socket.Blocking = false;
        socket.NoDelay = true;
        if (!_free.TryPop(out var key))
        {
            key = _connections.Count;
            _connections.Add(null);
        }
        _connections[key] = new ProviderConnection(this, socket, key);
        _epoll.Watch(socket.Handle, key, Epoll.Readable);
    }

    private void SendDue()
    {
        var now = Clock.Now;
        while (_due.TryPeek(out var next, out var time) && time <= now)
        {
            _due.Dequeue();
            var (to, answer) = next;
            // an entry may be stale: the answer has ended, or was put back when its reader caught up
            if (to.Answer != answer || answer.Due != time || to.IsBlocked)
            {
                continue;
            }

            var sent = answer.Sent;
            answer.Step();
            _tokens += answer.Sent - sent;
            if (!to.IsBlocked)
            {
                Schedule(to);
            }
        }
    }

    /// <summary>Sets the alarm for what is due next and says how long epoll may wait for it.</summary>
    private int UntilNext()
    {
        if (!_due.TryPeek(out _, out var time))
        {
            _alarm.Silence();
            return 1000;
        }
        var now = Clock.Now;
        if (time <= now)
        {
            return 0;
        }

        _alarm.Set(Math.Max(time, now + _tick));
        return 1000;
    }
}
