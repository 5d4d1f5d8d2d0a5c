using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>
/// The provider's loop: one thread, one epoll, one timer. Tokens are sent in the order in which they are due. The time of a token is
/// computed from the start of its response, so pacing does not drift. It must use little CPU, since it shares the cores with the server
/// under test.
/// </summary>
internal sealed class MockProvider : IDisposable
{
    private const int ListenerKey = -1;
    private const int TimerKey = -2;

    private readonly Epoll _epoll = new();
    private readonly TimerDescriptor _timer;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<ProviderConnection?> _connections = [];
    private readonly Stack<int> _free = [];
    private readonly PriorityQueue<(ProviderConnection Connection, ScriptedResponse Response), long> _due = new();
    private readonly Dictionary<string, ResponseFrames> _frames = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly string[] _models;
    private readonly long _tick;
    private long _calls;
    private long _tokens;

    /// <param name="port">On the loopback address.</param>
    /// <param name="models">The models that <c>GET /v1/models</c> lists. Any other name is accepted, too.</param>
    /// <param name="tick">Nanoseconds between two wake-ups; each sends all tokens that have become due. Programs seldom have finer timers
    /// than one millisecond.</param>
    public MockProvider(int port, string[] models, long tick)
    {
        (_models, _tick) = (models, tick);
        _timer = new TimerDescriptor(_epoll, TimerKey);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(4096);
        _listener.Blocking = false;
        _epoll.Add(_listener.Handle, ListenerKey, Epoll.Readable);
    }

    /// <summary>Number of responses that the client has closed early.</summary>
    public long AbortedResponses { get; set; }

    public void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var ready = _epoll.Wait(ArmTimer());
            for (var i = 0; i < ready; i++)
            {
                Handle(_epoll.Key(i), _epoll.Events(i));
            }

            SendDue();
        }
    }

    public void Remove(int key)
    {
        _connections[key] = null;
        _free.Push(key);
    }

    public void Modify(Socket socket, int key, uint interest) => _epoll.Modify(socket.Handle, key, interest);

    public void Schedule(ProviderConnection connection)
    {
        if (connection.Response is { } response && response.Due != ScriptedResponse.Never)
        {
            _due.Enqueue((connection, response), response.Due);
        }
    }

    public void Serve(ProviderConnection connection, string head, ReadOnlyMemory<byte> body)
    {
        var start = head.AsSpan(0, head.IndexOf('\r', StringComparison.Ordinal));
        if (start.StartsWith("POST ") && start.Contains("/chat/completions ", StringComparison.Ordinal))
        {
            Complete(connection, body);
        }
        else if (start.StartsWith("GET /v1/models "))
        {
            Json(
                connection,
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
                connection,
                new
                {
                    calls = _calls,
                    open = _connections.Count(open => open?.Response is not null),
                    aborted = AbortedResponses,
                    tokens = _tokens,
                }
            );
        }
        else
        {
            Error(connection, 404, "not_found");
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _timer.Dispose();
        _epoll.Dispose();
    }

    private static void Json<T>(ProviderConnection connection, T value) =>
        connection.SendResponse(200, "application/json", JsonSerializer.SerializeToUtf8Bytes(value));

    private static void Error(ProviderConnection connection, int status, string code) =>
        connection.SendResponse(
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

    private void Complete(ProviderConnection connection, ReadOnlyMemory<byte> body)
    {
        _calls++;
        ResponseScript script;
        bool stream;
        bool includeUsage;
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            script = ResponseScript.Parse(root.GetProperty("model").GetString()!);
            stream = root.TryGetProperty("stream", out var value) && value.ValueKind == JsonValueKind.True;
            includeUsage =
                root.TryGetProperty("stream_options", out var options)
                && options.TryGetProperty("include_usage", out var usage)
                && usage.ValueKind == JsonValueKind.True;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            Error(connection, 400, "bad_request");
            return;
        }

        if (SendFault(connection, script))
        {
            return;
        }

        if (!stream)
        {
            connection.SendResponse(200, "application/json", ScriptedResponse.Json(script));
            _tokens += script.Tokens;
            return;
        }

        if (!_frames.TryGetValue(script.Model, out var frames))
        {
            _frames[script.Model] = frames = new ResponseFrames(script.Model);
        }

        connection.Response = new ScriptedResponse(connection, script, frames, includeUsage, (int)(_calls & 0xFFFFFF));
        connection.Response.Start();
        Schedule(connection);
    }

    /// <summary>Sends the fault that replaces the whole stream; false if there is none.</summary>
    private static bool SendFault(ProviderConnection connection, ResponseScript script)
    {
        switch (script.Fault)
        {
            case { } fault when int.TryParse(fault, NumberStyles.None, CultureInfo.InvariantCulture, out var status):
                Error(connection, status, "scripted_" + fault);
                return true;
            case "html":
                connection.SendResponse(200, "text/html", "<html><body>Bad gateway</body></html>"u8);
                return true;
            case "redirect":
                connection.SendResponse(302, "text/plain", default, "Location: http://127.0.0.1:1/internal\r\n");
                return true;
            case "hang":
                return true;
            default:
                return false;
        }
    }

    private void Handle(int key, uint events)
    {
        if (key == ListenerKey)
        {
            Accept();
        }
        else if (key >= 0)
        {
            _connections[key]?.OnEvents(events, _buffer);
        }
    }

    private void Accept()
    {
        // One at a time: epoll reports the listener again while connections are waiting, and accepting from an empty queue would throw.
        var socket = _listener.Accept();
        socket.Blocking = false;
        socket.NoDelay = true;
        if (!_free.TryPop(out var key))
        {
            key = _connections.Count;
            _connections.Add(null);
        }

        _connections[key] = new ProviderConnection(this, socket, key);
        _epoll.Add(socket.Handle, key, Epoll.Readable);
    }

    private void SendDue()
    {
        var now = Clock.Now;
        while (_due.TryPeek(out var next, out var time) && time <= now)
        {
            _due.Dequeue();
            var (connection, response) = next;
            // an entry is stale if the response has ended, or was scheduled again when its client had caught up
            if (connection.Response != response || response.Due != time || connection.IsBlocked)
            {
                continue;
            }

            var sent = response.Sent;
            response.Step();
            _tokens += response.Sent - sent;
            if (!connection.IsBlocked)
            {
                Schedule(connection);
            }
        }
    }

    /// <summary>Arms the timer for the next token and returns the number of milliseconds that epoll may wait.</summary>
    private int ArmTimer()
    {
        if (!_due.TryPeek(out _, out var time))
        {
            _timer.Disarm();
            return 1000;
        }

        var now = Clock.Now;
        if (time <= now)
        {
            return 0;
        }

        _timer.Arm(Math.Max(time, now + _tick));
        return 1000;
    }
}
