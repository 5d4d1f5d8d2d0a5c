using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Parley.Server.Data.Model;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>The messages of one WebSocket: whole, of bounded size, and sent one at a time to a peer that has to read them.</summary>
/// <param name="socket">The connection.</param>
/// <param name="writeDeadline">How long the peer may leave unread what was sent to it.</param>
/// <param name="time">The clock.</param>
/// <param name="leaving">The server is about to leave: nobody waits for a slow peer any more.</param>
internal sealed class SyncSocket(WebSocket socket, TimeSpan writeDeadline, TimeProvider time, CancellationToken leaving)
{
    /// <summary>As for any other body.</summary>
    public const int MaxBytes = StrictJson.MaxBytes;

    private const int MaxKeptBytes = 64 * 1024,
        PieceBytes = 64 * 1024,
        Depth = 64;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);

    private ArrayBufferWriter<byte> _incoming = new(512);

    /// <summary>The next message, or why there is none.</summary>
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

    /// <summary>Throws away what the peer sends until it closes.</summary>
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
            return message.Value is { } good
                ? new(good, null)
                : new(default, SyncEnd.Fatal("Invalid message: " + ((Problem)message.Refusal!).Detail));
        }
        catch (JsonException)
        {
            return new(default, SyncEnd.Fatal("The message is not valid JSON."));
        }
        finally
        {
            if (_incoming.Capacity > MaxKeptBytes)
            {
                _incoming = new(512);
            }
            else
            {
                _incoming.ResetWrittenCount();
            }
        }
    }

    /// <summary>Sends a message. A peer that does not read is cut off; it comes back and gets what is there then. One that reads slowly is not: a long message goes in pieces, each in its own time.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        while (true)
        {
            var piece = message[..Math.Min(message.Length, PieceBytes)];
            message = message[piece.Length..];
            var sending = socket.SendAsync(piece, WebSocketMessageType.Text, endOfMessage: message.IsEmpty, cancellationToken);
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
            await sending.WaitAsync(writeDeadline, time, leaving);
        }
        catch (Exception error) when (error is TimeoutException || leaving.IsCancellationRequested)
        {
            socket.Abort();
            throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
        }
    }

    /// <summary>Says goodbye, and waits a moment for the answer: what the peer is still sending would make the network drop the goodbye.</summary>
    /// <param name="end">Why.</param>
    /// <param name="peerClosed">Over when the peer has closed.</param>
    public async Task CloseAsync(SyncEnd end, Task peerClosed)
    {
        try
        {
            await socket.CloseOutputAsync(end.Status, end.Reason, CancellationToken.None).WaitAsync(ClosePatience, time);
            await peerClosed.WaitAsync(ClosePatience, time);
        }
        catch (Exception error) when (error is TimeoutException or WebSocketException or OperationCanceledException)
        {
            socket.Abort();
        }
    }
}

/// <summary>A message, or the end.</summary>
internal readonly record struct SyncFrame(SyncMessage? Message, SyncEnd? End)
{
    public static SyncFrame Closed => new(null, SyncEnd.Gone);

    public bool IsPeerClosed => ReferenceEquals(End, SyncEnd.Gone);
}

/// <summary>How a connection ends.</summary>
/// <param name="Status">The close code.</param>
/// <param name="Reason">A sentence for logs; some clients wait longer before they come back when it begins with <c>InternalServerError</c>.</param>
/// <param name="Last">The message that is sent before.</param>
internal sealed record SyncEnd(WebSocketCloseStatus Status, string Reason, ReadOnlyMemory<byte>? Last = null)
{
    /// <summary>The peer has closed, or is gone.</summary>
    public static SyncEnd Gone { get; } = new(WebSocketCloseStatus.NormalClosure, "");

    /// <summary>Something went wrong here; the client comes back by itself.</summary>
    public static SyncEnd Broke { get; } = new(WebSocketCloseStatus.InternalServerError, "InternalServerError");

    /// <summary>The server is about to leave; the client comes back by itself.</summary>
    public static SyncEnd Restarting { get; } = new((WebSocketCloseStatus)1012, "Restarting");

    /// <summary>The client did what the protocol forbids. It is told so, and does not come back.</summary>
    public static SyncEnd Fatal(string error) => new(WebSocketCloseStatus.PolicyViolation, "ProtocolError", SyncMessages.FatalError(error));
}
