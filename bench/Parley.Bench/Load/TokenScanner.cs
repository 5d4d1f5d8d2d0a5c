using System.Runtime.CompilerServices;

namespace Parley.Bench;

/// <summary>
/// Finds the provider's tokens (<c>~{number}:{nanoseconds}~</c>) in a body, whatever wire format wraps them, and sees to it that each number
/// follows the one before.
/// </summary>
internal struct TokenScanner
{
    private State _state;
    private long _value;
    private int _number;

    private enum State
    {
        Outside,
        Number,
        Time,
    }

    /// <summary>Tokens seen, all in order.</summary>
    public int Count { get; private set; }

    /// <summary>A number was missing, doubled or in the wrong place.</summary>
    public bool OutOfOrder { get; private set; }

    /// <summary>Scans on until a token ends; false when the bytes are used up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Next(ref ReadOnlySpan<byte> bytes, out long stamp)
    {
        while (!bytes.IsEmpty)
        {
            if (_state == State.Outside)
            {
                var begin = bytes.IndexOf((byte)'~');
                if (begin < 0)
                {
                    break;
                }

                bytes = bytes[(begin + 1)..];
                (_state, _value) = (State.Number, 0);
                continue;
            }
            var b = bytes[0];
            bytes = bytes[1..];
            if (b is >= (byte)'0' and <= (byte)'9')
            {
                _value = _value * 10 + (b - '0');
            }
            else if (b == ':' && _state == State.Number)
            {
                (_state, _number, _value) = (State.Time, (int)_value, 0);
            }
            else if (b == '~' && _state == State.Time)
            {
                _state = State.Outside;
                stamp = _value;
                OutOfOrder |= _number != Count;
                Count++;
                return true;
            }
            else
            {
                (_state, _value) = (b == '~' ? State.Number : State.Outside, 0);
            }
        }
        bytes = default;
        stamp = 0;
        return false;
    }
}
