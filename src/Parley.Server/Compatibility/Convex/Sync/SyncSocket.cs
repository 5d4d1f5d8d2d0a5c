using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>
/// Receives and sends the messages of one WebSocket: whole, of bounded size, and with a deadline for the peer to read them.
/// </summary>
/// <param name="socket">The connection.</param>
/// <param name="writeDeadline">How long the peer may leave sent data unread.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">Cancelled when the server shuts down: slow peers are then no longer waited for.</param>
internal sealed class SyncSocket(WebSocket socket, TimeSpan writeDeadline, TimeProvider time, CancellationToken stopping)
{
    /// <summary>The same limit as for request bodies.</summary>
    public const int MaxBytes = StrictJson.MaxBytes;

    private const int MaxRetainedBytes = 64 * 1024,
        ChunkBytes = 64 * 1024,
        Depth = 64;
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private ArrayBufferWriter<byte> _incoming = new(512);

    /// <summary>The next message, or the end.</summary>
    public async Task<SyncFrame> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var received = await socket.ReceiveAsync(_incoming.GetMemory(512), cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return SyncFrame.Closed;
            }

            if (received.MessageType == WebSocketMessageType.Binary)
            {
                return new(default, new SyncEnd(WebSocketCloseStatus.InvalidMessageType, "Messages must be text."));
            }

            _incoming.Advance(received.Count);
            if (_incoming.WrittenCount > MaxBytes)
            {
                return new(default, new SyncEnd(WebSocketCloseStatus.MessageTooBig, "The message is too large."));
            }

            if (received.EndOfMessage)
            {
                return Parse();
            }
        }
    }

    /// <summary>Discards what the peer sends until it closes.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        var scratch = new byte[4096];
        while ((await socket.ReceiveAsync(scratch.AsMemory(), cancellationToken)).MessageType != WebSocketMessageType.Close) { }
    }

    private SyncFrame Parse()
    {
        try
        {
            var json = JsonElement.Parse(_incoming.WrittenSpan, new JsonDocumentOptions { MaxDepth = Depth });
            if (json.ValueKind != JsonValueKind.Object)
            {
                return new(default, SyncEnd.Fatal("A message must be a JSON object."));
            }

            var message = StrictJson.Bind<SyncMessage>(json);
            return message.Value is { } valid
                ? new(valid, null)
                : new(default, SyncEnd.Fatal("Invalid message: " + ((Problem)message.Refusal!).Detail));
        }
        catch (JsonException)
        {
            return new(default, SyncEnd.Fatal("The message is not valid JSON."));
        }
        finally
        {
            if (_incoming.Capacity > MaxRetainedBytes)
            {
                _incoming = new(512);
            }
            else
            {
                _incoming.ResetWrittenCount();
            }
        }
    }

    /// <summary>
    /// Sends a message. A peer that does not read is disconnected; it reconnects and gets the current state. A long message is sent in
    /// chunks, each with its own deadline, so that a slow peer is not disconnected.
    /// </summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        while (true)
        {
            var chunk = message[..Math.Min(message.Length, ChunkBytes)];
            message = message[chunk.Length..];
            var sending = socket.SendAsync(chunk, WebSocketMessageType.Text, endOfMessage: message.IsEmpty, cancellationToken);
            if (!sending.IsCompletedSuccessfully)
            {
                await WaitAsync(sending.AsTask());
            }

            if (message.IsEmpty)
            {
                return;
            }
        }
    }

    private async Task WaitAsync(Task sending)
    {
        try
        {
            await sending.WaitAsync(writeDeadline, time, stopping);
        }
        catch (Exception exception) when (exception is TimeoutException || stopping.IsCancellationRequested)
        {
            socket.Abort();
            throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
        }
    }

    /// <summary>
    /// Sends a close frame, and waits briefly for the peer's: to close while the peer is still sending could reset the connection and lose
    /// the frame.
    /// </summary>
    /// <param name="end">The reason.</param>
    /// <param name="peerClosed">Completes when the peer has closed.</param>
    public async Task CloseAsync(SyncEnd end, Task peerClosed)
    {
        try
        {
            await socket.CloseOutputAsync(end.Status, end.Reason, CancellationToken.None).WaitAsync(CloseTimeout, time);
            await peerClosed.WaitAsync(CloseTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or WebSocketException or OperationCanceledException)
        {
            socket.Abort();
        }
    }
}

/// <summary>A message, or the end.</summary>
internal readonly record struct SyncFrame(SyncMessage? Message, SyncEnd? End)
{
    public static SyncFrame Closed => new(null, SyncEnd.PeerClosed);

    public bool IsPeerClosed => ReferenceEquals(End, SyncEnd.PeerClosed);
}

/// <summary>How a connection ends.</summary>
/// <param name="Status">The close code.</param>
/// <param name="Reason">The reason, for logs; some clients wait longer before they reconnect when it starts with
/// <c>InternalServerError</c>.</param>
/// <param name="Last">The message to send before the close frame, or null.</param>
internal sealed record SyncEnd(WebSocketCloseStatus Status, string Reason, ReadOnlyMemory<byte>? Last = null)
{
    /// <summary>The peer has closed the connection, or it was lost.</summary>
    public static SyncEnd PeerClosed { get; } = new(WebSocketCloseStatus.NormalClosure, "");

    /// <summary>An unexpected error; the client reconnects.</summary>
    public static SyncEnd Failed { get; } = new(WebSocketCloseStatus.InternalServerError, "InternalServerError");

    /// <summary>The server is shutting down; the client reconnects.</summary>
    public static SyncEnd Restarting { get; } = new((WebSocketCloseStatus)1012, "Restarting");

    /// <summary>The client violated the protocol. It gets an error message, and does not reconnect.</summary>
    public static SyncEnd Fatal(string error) => new(WebSocketCloseStatus.PolicyViolation, "ProtocolError", SyncMessages.FatalError(error));
}
