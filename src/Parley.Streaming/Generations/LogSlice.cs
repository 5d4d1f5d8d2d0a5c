namespace Parley.Streaming.Generations;

/// <summary>
/// A stretch of a log: the positions from <see cref="From"/> to <see cref="To"/>. It never begins or ends inside a character.
/// </summary>
/// <remarks>
/// Positions are indexes into one byte string: text is its UTF-8 bytes, and each control entry is one <see cref="Mark"/>, a byte
/// that UTF-8 does not use. That is the whole secret of why a cursor stays good wherever a log is kept.
/// </remarks>
public readonly struct LogSlice(long from, ReadOnlyMemory<byte> bytes, ReadOnlyMemory<PositionedControl> controls, PartOpened? open)
{
    /// <summary>Stands for a control entry in <see cref="Bytes"/>.</summary>
    public const byte Mark = 0xFF;

    /// <summary>The position that the slice begins at: what its reader had seen.</summary>
    public long From { get; } = from;

    /// <summary>The position that its reader has seen afterwards.</summary>
    public long To => From + Bytes.Length;

    /// <summary>UTF-8 text, with a <see cref="Mark"/> for each control entry.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>The control entries of the slice, in order.</summary>
    public ReadOnlyMemory<PositionedControl> Controls { get; } = controls;

    /// <summary>The part that is open where the slice begins, if one is.</summary>
    public PartOpened? Open { get; } = open;

    /// <summary>The end of the generation, if the slice holds it. It is then the slice's last entry.</summary>
    public GenerationEnded? Ended => Controls.Length > 0 ? Controls.Span[^1].Control as GenerationEnded : null;

    /// <summary>The slice's entries in order; text between two control entries is one entry.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Whether <paramref name="next"/> may begin a slice, given the byte there: not inside a character.</summary>
    public static bool IsBoundary(byte next) => (next & 0b1100_0000) != 0b1000_0000;

    /// <summary>One entry: text of <see cref="Part"/>, or a control entry.</summary>
    public readonly ref struct Entry(long end, ReadOnlySpan<byte> text, PartOpened? part, LogControl? control)
    {
        /// <summary>The position after it.</summary>
        public long End { get; } = end;

        /// <summary>UTF-8, never cut inside a character. Empty for a control entry.</summary>
        public ReadOnlySpan<byte> Text { get; } = text;

        /// <summary>The part that the text belongs to.</summary>
        public PartOpened? Part { get; } = part;

        /// <summary>The control entry, or null for text.</summary>
        public LogControl? Control { get; } = control;
    }

    /// <summary>Walks the entries without allocating.</summary>
    public ref struct Enumerator
    {
        private readonly LogSlice _slice;
        private readonly ReadOnlySpan<byte> _bytes;
        private readonly ReadOnlySpan<PositionedControl> _controls;
        private PartOpened? _part;
        private int _at,
            _control;

        internal Enumerator(LogSlice slice)
        {
            _slice = slice;
            _bytes = slice.Bytes.Span;
            _controls = slice.Controls.Span;
            _part = slice.Open;
        }

        public Entry Current { get; private set; }

        public bool MoveNext()
        {
            if (_at == _bytes.Length)
            {
                return false;
            }

            var next = _control < _controls.Length ? (int)(_controls[_control].Position - _slice.From) : _bytes.Length;
            if (next > _at)
            {
                Current = new Entry(_slice.From + next, _bytes[_at..next], _part, null);
                _at = next;
                return true;
            }

            var control = _controls[_control++].Control;
            if (control is PartOpened opened)
            {
                _part = opened;
            }
            else if (control is PartClosed)
            {
                _part = null;
            }

            _at++;
            Current = new Entry(_slice.From + _at, default, null, control);
            return true;
        }
    }
}
