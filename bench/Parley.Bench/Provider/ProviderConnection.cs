using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Parley.Bench;

/// <summary>
/// A connection to the mock provider: reads requests, sends responses, and buffers what the client is too slow to receive.
/// </summary>
internal sealed class ProviderConnection(MockProvider provider, Socket socket, int key)
{
    private readonly MemoryStream _body = new();
    private readonly MemoryStream _pending = new();
    private HttpMessageReader _reader = new(isRequest: true);
    private bool _waitsForWritable;

    public ScriptedResponse? Response { get; set; }

    /// <summary>The socket's send buffer is full.</summary>
    public bool IsBlocked => _waitsForWritable;

    public bool IsClosed { get; private set; }

    public void OnEvents(uint events, byte[] buffer)
    {
        if ((events & Epoll.Writable) != 0 && !IsClosed)
        {
            Flush();
        }

        if ((events & (Epoll.Readable | Epoll.HangUp | Epoll.Error)) != 0 && !IsClosed)
        {
            Receive(buffer);
        }
    }

    /// <summary>Buffers bytes until the next <see cref="Send"/>, so that both are sent with one write.</summary>
    public void Queue(ReadOnlySpan<byte> bytes) => _pending.Write(bytes);

    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed)
        {
            return;
        }

        if (_pending.Length > 0)
        {
            _pending.Write(bytes);
            if (!_waitsForWritable)
            {
                Flush();
            }

            return;
        }
        var sent = socket.Send(bytes, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            OnClientClosed();
        }
        else if (sent < bytes.Length)
        {
            Buffer(bytes[Math.Max(0, sent)..]);
        }
    }

    public void SendResponse(int status, string contentType, ReadOnlySpan<byte> body, string headers = "")
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
        Complete();
    }

    /// <summary>Called when the response is complete: the connection can take the next request.</summary>
    public void Complete()
    {
        Response = null;
        _reader = new HttpMessageReader(isRequest: true);
        _body.SetLength(0);
    }

    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        Response = null;
        provider.Remove(key);
        socket.Dispose();
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        Close();
    }

    private void OnClientClosed()
    {
        if (Response is not null)
        {
            provider.AbortedResponses++;
        }

        Close();
    }

    private void Buffer(ReadOnlySpan<byte> bytes)
    {
        _pending.Write(bytes);
        if (!_waitsForWritable)
        {
            provider.Modify(socket, key, Epoll.Readable | Epoll.Writable);
        }

        _waitsForWritable = true;
    }

    private void Flush()
    {
        var all = _pending.GetBuffer().AsSpan(0, (int)_pending.Length);
        var sent = socket.Send(all, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            OnClientClosed();
            return;
        }
        var remaining = all[Math.Max(0, sent)..];
        remaining.CopyTo(all);
        _pending.SetLength(remaining.Length);
        if (remaining.Length > 0)
        {
            Buffer(default);
            return;
        }
        if (!_waitsForWritable)
        {
            return;
        }

        _waitsForWritable = false;
        provider.Modify(socket, key, Epoll.Readable);
        if (Response is not null)
        {
            provider.Schedule(this);
        }
    }

    private void Receive(byte[] buffer)
    {
        var received = socket.Receive(buffer, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            return;
        }
        // bytes during a response would be a pipelined request, which is not supported
        if (error != SocketError.Success || received == 0 || Response is not null)
        {
            OnClientClosed();
            return;
        }
        ReadOnlySpan<byte> input = buffer.AsSpan(0, received);
        while (!input.IsEmpty && !_reader.IsComplete)
        {
            _body.Write(_reader.Read(ref input));
        }

        if (_reader.IsComplete)
        {
            provider.Serve(this, _reader.Head, _body.GetBuffer().AsMemory(0, (int)_body.Length));
        }
    }
}
