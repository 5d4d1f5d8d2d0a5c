using System.Buffers.Binary;
using System.Text.Json;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>What a client has been told: which set of queries, of whom, as of when. Every transition begins exactly where the one before has ended.</summary>
/// <param name="QuerySet">Counted by the client.</param>
/// <param name="Identity">Counted with each change of who asks.</param>
/// <param name="Timestamp">Ever growing, also from one connection to the next: nanoseconds since 1970, as far as the clock goes forward.</param>
internal readonly record struct SyncVersion(uint QuerySet, uint Identity, ulong Timestamp)
{
    private const int NanosecondsPerTick = 100;

    /// <summary>The same with the next timestamp.</summary>
    public SyncVersion At(DateTimeOffset now) =>
        this with
        {
            Timestamp = Math.Max(Timestamp + 1, (ulong)(now - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick),
        };

    public void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name)
    {
        json.WriteStartObject(name);
        json.WriteNumber("querySet"u8, QuerySet);
        json.WriteNumber("identity"u8, Identity);
        WriteTimestamp(json, Timestamp);
        json.WriteEndObject();
    }

    /// <summary>On the wire it is the base64 of its eight bytes, the lowest first.</summary>
    public static void WriteTimestamp(Utf8JsonWriter json, ulong timestamp)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, timestamp);
        json.WriteBase64String("ts"u8, bytes);
    }

    /// <summary>Null when it is none, or one that no clock has shown.</summary>
    public static ulong? ParseTimestamp(string text)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        if (!Convert.TryFromBase64String(text, bytes, out var count) || count != sizeof(ulong))
        {
            return null;
        }

        var timestamp = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return timestamp <= long.MaxValue ? timestamp : null;
    }
}
