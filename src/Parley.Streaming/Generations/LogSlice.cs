namespace Parley.Streaming.Generations;

/// <summary>
/// A range of a log: the positions from <see cref="From"/> to <see cref="To"/>. It never begins or ends inside a character.
/// </summary>
/// <remarks>
/// A log is one byte string. Text is its UTF-8 bytes, and each control entry is one <see cref="Mark"/>, a byte that UTF-8 does not use. A
/// position is an index into that string. This is why positions are stable: they do not depend on where or how a log is stored, or on where
/// it is cut.
/// </remarks>
/// <param name="from">The position at which the slice begins.</param>
/// <param name="bytes">The bytes of the range.</param>
/// <param name="controls">The control entries of the range, in order.</param>
/// <param name="open">The part that is open where the slice begins, or null.</param>
public readonly struct LogSlice(long from, ReadOnlyMemory<byte> bytes, ReadOnlyMemory<PositionedEntry> controls, PartOpened? open)
{
    /// <summary>The byte that stands for a control entry in <see cref="Bytes"/>.</summary>
    public const byte Mark = 0xFF;

    /// <summary>The position at which the slice begins: what its reader has read before.</summary>
    public long From { get; } = from;

    /// <summary>The position at which the slice ends: what its reader has read afterwards.</summary>
    public long To => From + Bytes.Length;

    /// <summary>UTF-8 text, with a <see cref="Mark"/> for each control entry.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>The control entries of the slice, in order.</summary>
    public ReadOnlyMemory<PositionedEntry> Controls { get; } = controls;

    /// <summary>The part that is open where the slice begins, or null.</summary>
    public PartOpened? Open { get; } = open;

    /// <summary>The end of the generation, if the slice contains it. It is then the slice's last entry.</summary>
    public GenerationEnded? Ended => Controls.Length > 0 ? Controls.Span[^1].Entry as GenerationEnded : null;

    /// <summary>The entries of the slice in order. Text between two control entries is one entry.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Whether a slice may begin at this byte: it is not a continuation byte of a character.</summary>
    public static bool IsBoundary(byte next) => (next & 0b1100_0000) != 0b1000_0000;

    /// <summary>
    /// The end of a slice of at most <paramref name="maxBytes"/> of <paramref name="bytes"/>, at a character boundary. A character that is
    /// longer than <paramref name="maxBytes"/> is taken whole, so the slice is empty only at the end of <paramref name="bytes"/>.
    /// </summary>
    /// <param name="bytes">Bytes of a log that end at a boundary.</param>
    /// <param name="from">The index at which the slice begins; a boundary.</param>
    /// <param name="maxBytes">The size to cut to. Less than 1 counts as 1.</param>
    public static int EndOf(ReadOnlySpan<byte> bytes, int from, int maxBytes)
    {
        var limit = (int)Math.Min(bytes.Length, (long)from + Math.Max(1, maxBytes));
        var end = limit;
        while (end > from && end < bytes.Length && !IsBoundary(bytes[end]))
        {
            end--;
        }

        if (end > from)
        {
            return end;
        }

        while (limit < bytes.Length && !IsBoundary(bytes[limit]))
        {
            limit++;
        }

        return limit;
    }

    /// <summary>
    /// The beginning of the slice, cut to at most <paramref name="maxBytes"/> as <see cref="EndOf"/> does it. Shares the slice's memory.
    /// </summary>
    public LogSlice Cut(int maxBytes)
    {
        if (Bytes.Length <= maxBytes)
        {
            return this;
        }

        var end = EndOf(Bytes.Span, 0, maxBytes);
        return new LogSlice(From, Bytes[..end], Controls[..PositionedEntries.IndexAt(Controls.Span, From + end)], Open);
    }

    /// <summary>What follows <paramref name="position"/>, which must be a boundary of the slice. Shares the slice's memory.</summary>
    public LogSlice After(long position) =>
        new(
            position,
            Bytes[(int)(position - From)..],
            Controls[PositionedEntries.IndexAt(Controls.Span, position)..],
            PositionedEntries.OpenPartAt(Controls.Span, position, Open)
        );

    /// <summary>One entry: text of <see cref="Part"/>, or a control entry.</summary>
    public readonly ref struct Entry(long end, ReadOnlySpan<byte> text, PartOpened? part, LogEntry? control)
    {
        /// <summary>The position after the entry.</summary>
        public long End { get; } = end;

        /// <summary>UTF-8 text, never cut inside a character. Empty for a control entry.</summary>
        public ReadOnlySpan<byte> Text { get; } = text;

        /// <summary>The part that the text belongs to; null for a control entry.</summary>
        public PartOpened? Part { get; } = part;

        /// <summary>The control entry, or null for text.</summary>
        public LogEntry? Control { get; } = control;
    }

    /// <summary>Enumerates the entries without allocating.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _bytes;
        private readonly ReadOnlySpan<PositionedEntry> _controls;
        private readonly long _from;
        private PartOpened? _part;
        private int _at,
            _control;

        internal Enumerator(LogSlice slice)
        {
            _from = slice.From;
            _bytes = slice.Bytes.Span;
            _controls = slice.Controls.Span;
            _part = slice.Open;
        }

        /// <summary>The entry at which the enumerator stands.</summary>
        public Entry Current { get; private set; }

        /// <summary>Advances to the next entry. False at the end of the slice.</summary>
        public bool MoveNext()
        {
            if (_at == _bytes.Length)
            {
                return false;
            }

            var next = _control < _controls.Length ? (int)(_controls[_control].Position - _from) : _bytes.Length;
            if (next > _at)
            {
                Current = new Entry(_from + next, _bytes[_at..next], _part, null);
                _at = next;
                return true;
            }

            var control = _controls[_control++].Entry;
            if (control is PartOpened opened)
            {
                _part = opened;
            }
            else if (control is PartClosed)
            {
                _part = null;
            }

            _at++;
            Current = new Entry(_from + _at, default, null, control);
            return true;
        }
    }
}
