using System.Net.Sockets;
using System.Text;

namespace Parley.Server.Tests.Hosting;

/// <summary>A raw socket, for requests that no HTTP library would send.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestUser.Timeout);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public static async Task<RawConnection> OpenAsync(ParleyServer server, int? receiveBuffer = null)
    {
        var raw = new RawConnection();
        if (receiveBuffer is { } size)
        {
            raw._socket.ReceiveBufferSize = size;
        }

        await raw._socket.ConnectAsync(server.Address.Host, server.Address.Port, raw._timeout.Token);
        return raw;
    }

    public Task SendAsync(string latin1) => SendAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await _socket.SendAsync(bytes, _timeout.Token)..];
            }
        }
        catch (SocketException)
        {
            // Refused before it was all sent: the answer is there to be read, or the connection is closed.
        }
    }

    /// <summary>Everything up to the end of the connection, or up to <paramref name="until"/>.</summary>
    public async Task<string> ReadAsync(string? until = null)
    {
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var read = await _socket.ReceiveAsync(buffer, _timeout.Token);
                if (read == 0)
                {
                    return text.ToString();
                }

                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
                if (until is not null && text.ToString().Contains(until, StringComparison.Ordinal))
                {
                    return text.ToString();
                }
            }
        }
        catch (SocketException)
        {
            return text.ToString();
        }
    }

    /// <summary>Sends a request as a browser would, with a user's cookie.</summary>
    public Task RequestAsync(
        TestUser user,
        ParleyServer server,
        string method,
        string path,
        string? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var text = new StringBuilder(
            $"{method} {path} HTTP/1.1\r\nHost: {server.Address.Authority}\r\nCookie: {user.Cookies.GetCookieHeader(server.Address)}\r\n"
        );
        foreach (var (name, value) in headers)
        {
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (body is not null)
        {
            text.Append("Content-Type: application/json\r\nContent-Length: ").Append(Encoding.UTF8.GetByteCount(body)).Append("\r\n");
        }

        return SendAsync(Encoding.UTF8.GetBytes(text.Append("\r\n").Append(body).ToString()));
    }

    /// <summary>The response up to its end, or its first bytes up to this number.</summary>
    public async Task<RawResponse> AnswerAsync(int most = int.MaxValue)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (bytes.Length < most)
        {
            int read;
            try
            {
                read = await _socket.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - bytes.Length)), _timeout.Token);
            }
            catch (SocketException)
            {
                break; // reset
            }

            if (read == 0)
            {
                break;
            }

            bytes.Write(buffer, 0, read);
            if (RawResponse.Parse(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)) is { IsWhole: true } whole)
            {
                return whole;
            }
        }

        return RawResponse.Parse(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <summary>Says that no more will be sent.</summary>
    public void EndSending()
    {
        if (_socket.Connected)
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>Waits, without reading, until the server has reset the connection.</summary>
    public Task<bool> WhenResetAsync() => Task.Run(() => _socket.Poll(TestUser.Timeout, SelectMode.SelectError));

    public void Dispose()
    {
        _socket.Dispose();
        _timeout.Dispose();
    }
}
