using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Parley.Bench;

/// <summary>One connection to the mock provider: reads a request, carries its answer, and keeps what the other side is too slow to take.</summary>
internal sealed class ProviderConnection(MockProvider provider, Socket socket, int key)
{
    private readonly MemoryStream _body = new();
    private readonly MemoryStream _waiting = new();
    private HttpReader _reader = new(isRequest: true);
    private bool _watchesWrites;

    public Answer? Answer { get; set; }

    /// <summary>The other side takes no more for now.</summary>
    public bool IsBlocked => _watchesWrites;

    public bool IsClosed { get; private set; }

    public void Happened(uint what, byte[] buffer)
    {
        if ((what & Epoll.Writable) != 0 && !IsClosed)
        {
            Flush();
        }

        if ((what & (Epoll.Readable | Epoll.HungUp | Epoll.Failed)) != 0 && !IsClosed)
        {
            Receive(buffer);
        }
    }

    /// <summary>Keeps bytes for the next <see cref="Send"/>, so that they go in one write.</summary>
    public void Queue(ReadOnlySpan<byte> bytes) => _waiting.Write(bytes);

    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed)
        {
            return;
        }

        if (_waiting.Length > 0)
        {
            _waiting.Write(bytes);
            if (!_watchesWrites)
            {
                Flush();
            }

            return;
        }
        var sent = socket.Send(bytes, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            Abandon();
        }
        else if (sent < bytes.Length)
        {
            Wait(bytes[Math.Max(0, sent)..]);
        }
    }

    public void SendWhole(int status, string contentType, ReadOnlySpan<byte> body, string headers = "")
    {
        Queue(
            Encoding.ASCII.GetBytes(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"HTTP/1.1 {status} {(status < 300 ? "OK" : "Scripted")}\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\n{headers}\r\n"
                )
            )
        );
        Send(body);
        Ended();
    }

    /// <summary>The answer is complete: the connection may be used again.</summary>
    public void Ended()
    {
        Answer = null;
        _reader = new HttpReader(isRequest: true);
        _body.SetLength(0);
    }

    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        Answer = null;
        provider.Forget(key);
        socket.Dispose();
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        Close();
    }

    private void Abandon()
    {
        if (Answer is not null)
        {
            provider.Aborted++;
        }

        Close();
    }

    private void Wait(ReadOnlySpan<byte> rest)
    {
        _waiting.Write(rest);
        if (!_watchesWrites)
        {
            provider.Watch(socket, key, Epoll.Readable | Epoll.Writable);
        }

        _watchesWrites = true;
    }

    private void Flush()
    {
        var all = _waiting.GetBuffer().AsSpan(0, (int)_waiting.Length);
        var sent = socket.Send(all, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            Abandon();
            return;
        }
        var rest = all[Math.Max(0, sent)..];
        rest.CopyTo(all);
        _waiting.SetLength(rest.Length);
        if (rest.Length > 0)
        {
            Wait(default);
            return;
        }
        if (!_watchesWrites)
        {
            return;
        }

        _watchesWrites = false;
        provider.Watch(socket, key, Epoll.Readable);
        if (Answer is not null)
        {
            provider.Schedule(this);
        }
    }

    private void Receive(byte[] buffer)
    {
        var got = socket.Receive(buffer, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            return;
        }
        // more while an answer is under way would be a pipelined request, which no client of ours sends
        if (error != SocketError.Success || got == 0 || Answer is not null)
        {
            Abandon();
            return;
        }
        ReadOnlySpan<byte> input = buffer.AsSpan(0, got);
        while (!input.IsEmpty && !_reader.Finished)
        {
            _body.Write(_reader.Next(ref input));
        }

        if (_reader.Finished)
        {
            provider.Serve(this, _reader.Head, _body.GetBuffer().AsMemory(0, (int)_body.Length));
        }
    }
}
