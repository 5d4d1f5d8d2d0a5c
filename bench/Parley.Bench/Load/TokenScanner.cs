using System.Runtime.CompilerServices;

namespace Parley.Bench;

/// <summary>
/// Finds the mock provider's tokens (<c>~{number}:{nanoseconds}~</c>) in a response body of any wire format, and checks that their numbers
/// are consecutive.
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
        Timestamp,
    }

    /// <summary>Number of tokens found.</summary>
    public int Count { get; private set; }

    /// <summary>True after a number was missing, repeated or out of order.</summary>
    public bool IsOutOfOrder { get; private set; }

    /// <summary>Reads up to the end of the next token; false when all bytes are consumed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out long timestamp)
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
                (_state, _number, _value) = (State.Timestamp, (int)_value, 0);
            }
            else if (b == '~' && _state == State.Timestamp)
            {
                _state = State.Outside;
                timestamp = _value;
                IsOutOfOrder |= _number != Count;
                Count++;
                return true;
            }
            else
            {
                (_state, _value) = (b == '~' ? State.Number : State.Outside, 0);
            }
        }

        bytes = default;
        timestamp = 0;
        return false;
    }
}
