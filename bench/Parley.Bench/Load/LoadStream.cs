using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Parley.Bench;

/// <summary>One request on a connection of its own; checks and times the streamed response.</summary>
internal sealed class LoadStream(LoadRun run, int key, bool isFollower)
{
    public const string TooFewTokens = "too few tokens";

    private readonly HttpMessageReader _reader = new(isRequest: false);
    private TokenScanner _scanner;
    private Socket? _socket;
    private long _start;
    private long _headAt;

    public int Key => key;

    public bool IsFollower => isFollower;

    public HttpMessageReader Response => _reader;

    public int Tokens => _scanner.Count;

    /// <summary>Bytes received, with head and framing.</summary>
    public long Bytes { get; private set; }

    public void Connect(IPEndPoint server)
    {
        _start = Clock.Now;
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(server);
    }

    /// <summary>Sends the request. The time to the first token is measured from here, or from before connecting.</summary>
    public void Send(Epoll epoll, byte[] request, bool includeConnecting)
    {
        if (!includeConnecting)
        {
            _start = Clock.Now;
        }

        _socket!.Send(request);
        _socket.Blocking = false;
        epoll.Add(_socket.Handle, key, Epoll.Readable);
    }

    /// <summary>Reads what has arrived.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Receive(byte[] buffer)
    {
        if (_socket is null)
        {
            return;
        }

        var received = _socket.Receive(buffer, SocketFlags.None, out var error);
        var now = Clock.Now;
        if (error == SocketError.WouldBlock)
        {
            return;
        }

        if (error != SocketError.Success)
        {
            End(error.ToString());
            return;
        }

        if (received == 0)
        {
            End(_reader.OnClose() ? null : "connection closed early");
            return;
        }

        Bytes += received;
        ReadOnlySpan<byte> input = buffer.AsSpan(0, received);
        while (!input.IsEmpty && !_reader.IsComplete)
        {
            var content = _reader.Read(ref input);
            if (_headAt == 0 && _reader.HasHead)
            {
                _headAt = now;
                run.OnHead(this);
            }

            while (_scanner.TryRead(ref content, out var timestamp))
            {
                OnToken(timestamp, now);
            }
        }

        if (_reader.IsComplete)
        {
            End(null);
        }
    }

    /// <summary>Closes the connection and reports the result; without an error, the response is checked.</summary>
    public void End(string? error)
    {
        if (_socket is null)
        {
            return;
        }

        _socket.Dispose();
        _socket = null;
        run.OnEnd(this, error ?? Check());
    }

    private string? Check()
    {
        if (_reader.Status != 200)
        {
            return string.Create(CultureInfo.InvariantCulture, $"status {_reader.Status}");
        }

        if (_scanner.IsOutOfOrder)
        {
            return "tokens out of order";
        }

        return run.ExpectedTokens == 0 || Tokens == run.ExpectedTokens ? null
            : Tokens < run.ExpectedTokens ? TooFewTokens
            : "too many tokens";
    }

    private void OnToken(long timestamp, long now)
    {
        if (_scanner.Count == 1)
        {
            run.OnFirstToken(this, now - _start);
        }

        if (!isFollower || timestamp > _headAt)
        {
            run.OnToken(this, now - timestamp);
        }
    }
}
