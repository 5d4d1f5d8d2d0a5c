using System.Buffers;
using System.Text;

namespace Parley.EndToEnd;

/// <summary>A promise was broken.</summary>
public sealed class ViolationException(string message) : Exception(message);

/// <summary>
/// All that one follower has shown, joined over its connections. Text is kept with the position of each byte, so that two followers can be
/// compared whatever slices they got; an entry that comes twice, out of order or after the end is refused at once.
/// </summary>
public sealed class ShownLog(long origin = 0)
{
    // Not every control entry is an event: a close, an open. More of them than this in a row are none that a generation makes.
    private const int MostUnseen = 4;
    private readonly List<Entry> _entries = [];

    public long Origin { get; } = origin;

    /// <summary>The id of the last event, at which the follower resumes.</summary>
    public long Position { get; private set; } = origin;

    /// <summary>The last event of all, as JSON; null while there is none.</summary>
    public string? Terminal { get; private set; }

    public bool HasStarted { get; private set; }

    public IReadOnlyList<Entry> Entries => _entries;

    public string Text => Join("token");

    public string Reasoning => Join("reasoning");

    public int Seams => _entries.Count(entry => entry.Kind == "seam");

    public void Add(in StreamEvent next)
    {
        if (Terminal is not null)
        {
            throw new ViolationException($"an event after the end: {next.Data}");
        }

        var type = next.Type;
        switch (type)
        {
            case "start" or "typing":
                if (next.Id != 0 || Position != 0)
                {
                    throw new ViolationException($"{type} with id {next.Id} at {Position}");
                }

                HasStarted = true;
                break;
            case "token" or "reasoning" or "tool-arguments":
                var text = Encoding.UTF8.GetBytes(next.Data.GetProperty("content").GetString()!);
                if (text.Length == 0)
                {
                    throw new ViolationException("an event without text");
                }

                var kind = type == "tool-arguments" ? $"{type} {next.Data.GetProperty("callId").GetString()}" : type;
                Advance(next.Id - text.Length, next.Id);
                if (_entries is [.., { } last] && last.Kind == kind && last.End == next.Id - text.Length)
                {
                    last.Append(text);
                }
                else
                {
                    _entries.Add(new Entry(next.Id - text.Length, kind, text));
                }

                break;
            default:
                Advance(next.Id - 1, next.Id);
                _entries.Add(new Entry(next.Id - 1, type, Encoding.UTF8.GetBytes(next.Data.GetRawText()), isControl: true));
                if (type is "done" or "error")
                {
                    Terminal = next.Data.GetRawText();
                }

                break;
        }
    }

    /// <summary>
    /// Throws unless everything shown here is, byte for byte and at the same positions, what <paramref name="whole"/> begins with.
    /// </summary>
    public void MustBePrefixOf(ShownLog whole)
    {
        var expected = whole.From(Origin);
        if (_entries.Count > expected.Count)
        {
            throw new ViolationException($"{_entries.Count} entries were shown, the log has {expected.Count}");
        }

        for (var i = 0; i < _entries.Count; i++)
        {
            var (shown, logged) = (_entries[i], expected[i]);
            if (shown.Start != logged.Start || shown.Kind != logged.Kind)
            {
                throw new ViolationException($"{shown.Kind} was shown at {shown.Start}, the log has {logged.Kind} at {logged.Start}");
            }

            var length = shown.Payload.Length;
            var mayBeShorter = i == _entries.Count - 1 && !shown.IsControl;
            if (
                length > logged.Payload.Length
                || (length < logged.Payload.Length && !mayBeShorter)
                || !shown.Payload.SequenceEqual(logged.Payload[..length])
            )
            {
                throw new ViolationException(
                    $"what was shown of {shown.Kind} at {shown.Start} is not what the log has: {Excerpt(shown, logged)}"
                );
            }
        }
    }

    /// <summary>Throws unless both are the same to the end.</summary>
    public void MustEqual(ShownLog whole)
    {
        MustBePrefixOf(whole);
        if (Terminal is null || Terminal != whole.Terminal)
        {
            throw new ViolationException($"two ends: {Terminal ?? "none"} and {whole.Terminal ?? "none"}");
        }

        if (Position != whole.Position)
        {
            throw new ViolationException($"the end was shown at {Position}, the log has it at {whole.Position}");
        }
    }

    private List<Entry> From(long position)
    {
        List<Entry> entries = [];
        foreach (var entry in _entries)
        {
            if (entry.Start >= position)
            {
                entries.Add(entry);
            }
            else if (entry.End > position)
            {
                entries.Add(new Entry(position, entry.Kind, entry.Payload[(int)(position - entry.Start)..].ToArray(), entry.IsControl));
            }
        }

        return entries;
    }

    private void Advance(long start, long end)
    {
        if (start < Position)
        {
            throw new ViolationException($"an entry from {start} to {end} after position {Position}: shown twice, or out of order");
        }

        if (start > Position + MostUnseen)
        {
            throw new ViolationException($"an entry from {start} to {end} after position {Position}: something between is lost");
        }

        Position = end;
    }

    private string Join(string kind)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var entry in _entries)
        {
            if (entry.Kind == kind)
            {
                bytes.Write(entry.Payload);
            }
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static string Excerpt(Entry shown, Entry logged)
    {
        var at = shown.Payload.CommonPrefixLength(logged.Payload);
        return $"differs at {shown.Start + at}: …{Tail(shown.Payload, at)}… and …{Tail(logged.Payload, at)}…";
    }

    private static string Tail(ReadOnlySpan<byte> bytes, int at) =>
        Encoding.UTF8.GetString(bytes[Math.Max(0, at - 20)..Math.Min(bytes.Length, at + 20)]);

    /// <summary>A stretch of text of one kind, or one control event.</summary>
    public sealed class Entry(long start, string kind, byte[] payload, bool isControl = false)
    {
        private readonly ArrayBufferWriter<byte> _payload = Filled(payload);

        public long Start => start;

        public string Kind => kind;

        public bool IsControl => isControl;

        public ReadOnlySpan<byte> Payload => _payload.WrittenSpan;

        public long End => start + (isControl ? 1 : _payload.WrittenCount);

        public void Append(byte[] more) => _payload.Write(more);

        private static ArrayBufferWriter<byte> Filled(byte[] payload)
        {
            var buffer = new ArrayBufferWriter<byte>(Math.Max(16, payload.Length));
            buffer.Write(payload);
            return buffer;
        }
    }
}
