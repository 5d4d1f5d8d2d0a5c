using System.Buffers.Binary;
using System.Text.Json;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>
/// The version of a client's state: query set, identity and time. Every transition starts exactly where the previous one ended.
/// </summary>
/// <param name="QuerySet">Counted by the client.</param>
/// <param name="Identity">Incremented with each change of the user.</param>
/// <param name="Timestamp">Strictly increasing, also across connections: nanoseconds since 1970, or more when the clock is behind.</param>
internal readonly record struct SyncVersion(uint QuerySet, uint Identity, ulong Timestamp)
{
    private const int NanosecondsPerTick = 100;

    /// <summary>The same version with the next timestamp.</summary>
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

    /// <summary>Writes a timestamp as the base64 of its eight bytes, little-endian.</summary>
    public static void WriteTimestamp(Utf8JsonWriter json, ulong timestamp)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, timestamp);
        json.WriteBase64String("ts"u8, bytes);
    }

    /// <summary>Parses a timestamp; null when it is invalid or out of range.</summary>
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
