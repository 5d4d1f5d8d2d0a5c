using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Parley.Bench;

/// <summary>One reader: makes a request on a connection of its own, and checks and times the answer.</summary>
internal sealed class LoadStream(LoadRun run, int key, bool isFollower)
{
    private readonly HttpReader _reader = new(isRequest: false);
    private TokenScanner _scanner;
    private Socket? _socket;
    private long _began,
        _headAt;

    public int Key => key;

    public bool IsFollower => isFollower;

    public HttpReader Answer => _reader;

    public int Tokens => _scanner.Count;

    /// <summary>Bytes received, with heads and framing.</summary>
    public long Bytes { get; private set; }

    public void Connect(IPEndPoint server)
    {
        _began = Clock.Now;
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(server);
    }

    /// <summary>Sends the request; the time to the first token counts from here, or from connecting for it.</summary>
    public void Ask(Epoll epoll, byte[] request, bool countsConnecting)
    {
        if (!countsConnecting)
        {
            _began = Clock.Now;
        }

        _socket!.Send(request);
        _socket.Blocking = false;
        epoll.Watch(_socket.Handle, key, Epoll.Readable);
    }

    /// <summary>Reads what is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Receive(byte[] buffer)
    {
        if (_socket is null)
        {
            return;
        }

        var got = _socket.Receive(buffer, SocketFlags.None, out var error);
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
        if (got == 0)
        {
            End(_reader.Close() ? null : "broken off");
            return;
        }
        Bytes += got;
        ReadOnlySpan<byte> input = buffer.AsSpan(0, got);
        while (!input.IsEmpty && !_reader.Finished)
        {
            var piece = _reader.Next(ref input);
            if (_headAt == 0 && _reader.HasHead)
            {
                _headAt = now;
                run.HeadArrived(this);
            }
            while (_scanner.Next(ref piece, out var stamp))
            {
                Count(stamp, now);
            }
        }
        if (_reader.Finished)
        {
            End(null);
        }
    }

    /// <summary>Ends it from outside: time is up, or it could not begin.</summary>
    public void End(string? fault)
    {
        if (_socket is null)
        {
            return;
        }

        _socket.Dispose();
        _socket = null;
        run.Ended(this, fault ?? Judge());
    }

    public const string TooShort = "short";

    private string? Judge()
    {
        if (_reader.Status != 200)
        {
            return string.Create(CultureInfo.InvariantCulture, $"status {_reader.Status}");
        }

        if (_scanner.OutOfOrder)
        {
            return "out of order";
        }

        return run.Expect == 0 || Tokens == run.Expect ? null
            : Tokens < run.Expect ? TooShort
            : "too many";
    }

    private void Count(long stamp, long now)
    {
        if (_scanner.Count == 1)
        {
            run.FirstToken(this, now - _began);
        }

        if (!isFollower || stamp > _headAt)
        {
            run.Token(this, now - stamp);
        }
    }
}
