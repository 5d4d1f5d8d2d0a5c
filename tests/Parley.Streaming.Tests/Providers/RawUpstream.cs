using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Parley.Streaming.Tests.Providers;

/// <summary>A server that sends exactly the bytes it is told to, over real sockets.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    public const string EventStream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly Func<RawConnection, Task> _script;
    private readonly bool _readsRequest;
    private readonly Task _accepting;

    public RawUpstream(Func<RawConnection, Task> script, bool readsRequest = true)
    {
        _script = script;
        _readsRequest = readsRequest;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Answers every request with these bytes and closes.</summary>
    public RawUpstream(string response)
        : this(connection => connection.SendAsync(response)) { }

    public int Port { get; }

    public Uri BaseUrl => new($"http://127.0.0.1:{Port}/v1");

    /// <summary>Head and body of every request so far.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception exception)
            when (_stop.IsCancellationRequested && exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Stopped, at whatever point of accepting.
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var connection = new RawConnection(socket, _stop.Token);
        try
        {
            if (_readsRequest)
            {
                _requests.Enqueue(connection.Request = await connection.ReadRequestAsync());
            }

            await _script(connection);
            connection.Close();
        }
        catch (Exception exception)
            when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, or the test is over.
        }
    }
}

internal sealed class RawConnection(Socket socket, CancellationToken stop) : IDisposable
{
    /// <summary>Ends when the test does.</summary>
    public CancellationToken Stop => stop;

    /// <summary>Head and body of the request, where the upstream reads it.</summary>
    public string Request { get; set; } = "";

    public async Task<string> ReadRequestAsync()
    {
        var text = new StringBuilder();
        var buffer = new byte[65536];
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer, stop);
            if (read == 0)
            {
                throw new IOException("closed");
            }

            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            var request = text.ToString();
            var head = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head < 0)
            {
                continue;
            }

            var length = request
                .Split("\r\n")
                .FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
            var expected = length is null ? 0 : int.Parse(length.AsSpan("Content-Length:".Length), provider: null);
            if (Encoding.UTF8.GetByteCount(request.AsSpan(head + 4)) >= expected)
            {
                return request;
            }
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        socket.NoDelay = true;
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, stop)..];
        }
    }

    public Task ForeverAsync() => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);

    /// <summary>Waits until the client closes the connection.</summary>
    public async Task ClosedAsync()
    {
        var buffer = new byte[1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, stop) > 0)
            {
                // Nothing more is expected from the client.
            }
        }
        catch (SocketException)
        {
            // Closed with RST.
        }
    }

    /// <summary>Breaks the connection with RST.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Close()
    {
        if (socket.Connected)
        {
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    public void Dispose() => socket.Dispose();
}
