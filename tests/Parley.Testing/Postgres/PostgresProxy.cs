using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Parley.Testing.Postgres;

/// <summary>
/// A connection's way to a cluster, which can be cut at chosen moments: before the server gets a request, or after it has done what it was
/// asked and before its reply arrives.
/// </summary>
public sealed class PostgresProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly int _target;
    private readonly Task _accepting;
    private readonly Lock _gate = new();
    private readonly HashSet<TcpClient> _clients = [];
    private int _untilCut;
    private bool _loseReply;
    private volatile bool _refusesNew;

    public PostgresProxy(PostgresCluster cluster)
    {
        _target = cluster.Port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>How many requests were cut.</summary>
    public int Cuts { get; private set; }

    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={((IPEndPoint)_listener.LocalEndpoint).Port};Username=postgres;Database={database};SSL Mode=Disable";

    /// <summary>The reply to a request from now on is lost with its connection; the server has done what was asked.</summary>
    /// <param name="number">1: the next request. All that is sent up to a Sync counts as one.</param>
    public void LoseReply(int number = 1) => Arm(number, loseReply: true);

    /// <summary>A request from now on is lost with its connection; the server has not seen it.</summary>
    /// <param name="number">1: the next request.</param>
    public void LoseRequest(int number = 1) => Arm(number, loseReply: false);

    /// <summary>Whether new connections are closed as soon as they are opened.</summary>
    public bool RefusesNew
    {
        get => _refusesNew;
        set => _refusesNew = value;
    }

    /// <summary>Cuts all connections now.</summary>
    public void CutAll()
    {
        lock (_gate)
        {
            foreach (var client in _clients)
            {
                client.Close();
            }

            _clients.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        CutAll();
        await _accepting;
        _closing.Dispose();
    }

    private void Arm(int number, bool loseReply)
    {
        lock (_gate)
        {
            (_untilCut, _loseReply) = (number, loseReply);
        }
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_closing.Token);
                connections.Add(RelayAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using var _ = client;
        try
        {
            lock (_gate)
            {
                if (_refusesNew)
                {
                    return;
                }

                _clients.Add(client);
            }

            await server.ConnectAsync(IPAddress.Loopback, _target);
            (client.NoDelay, server.NoDelay) = (true, true);
            var relay = new Connection(this, client.GetStream(), server.GetStream());
            await Task.WhenAny(relay.RequestsAsync(), relay.RepliesAsync());
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // Either side has closed.
        }
        finally
        {
            lock (_gate)
            {
                _clients.Remove(client);
            }
        }
    }

    /// <summary>Null: go on; otherwise whether the reply, rather than the request, is lost.</summary>
    private bool? Requested()
    {
        lock (_gate)
        {
            if (_untilCut == 0 || --_untilCut > 0)
            {
                return null;
            }

            Cuts++;
            return _loseReply;
        }
    }

    /// <summary>
    /// Both directions, message by message: a type, a length that counts itself, and the rest; the first message of a client has no type.
    /// </summary>
    private sealed class Connection(PostgresProxy proxy, NetworkStream client, NetworkStream server)
    {
        private volatile bool _swallow;

        public async Task RequestsAsync()
        {
            await server.WriteAsync(await ReadAsync(client, hasType: false));
            List<byte> request = [];
            while (true)
            {
                var message = await ReadAsync(client, hasType: true);
                request.AddRange(message);
                if (message[0] is not ((byte)'S' or (byte)'Q' or (byte)'X' or (byte)'p'))
                {
                    continue;
                }

                var lost = message[0] is (byte)'S' or (byte)'Q' ? proxy.Requested() : null;
                if (lost is false)
                {
                    return;
                }

                _swallow = lost is true;
                await server.WriteAsync(request.ToArray());
                request.Clear();
            }
        }

        public async Task RepliesAsync()
        {
            while (true)
            {
                var message = await ReadAsync(server, hasType: true);
                if (!_swallow)
                {
                    await client.WriteAsync(message);
                }
                else if (message[0] == (byte)'Z')
                {
                    return;
                }
            }
        }

        private static async Task<byte[]> ReadAsync(NetworkStream stream, bool hasType)
        {
            var head = new byte[hasType ? 5 : 4];
            await stream.ReadExactlyAsync(head);
            var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(hasType ? 1 : 0));
            var message = new byte[head.Length + length - 4];
            head.CopyTo(message, 0);
            await stream.ReadExactlyAsync(message.AsMemory(head.Length));
            return message;
        }
    }
}
