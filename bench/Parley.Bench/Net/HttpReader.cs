using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Parley.Bench;

/// <summary>
/// Reads one HTTP/1.1 message, request or response, from bytes as they come, and gives back the pieces of its body without copying them.
/// </summary>
internal sealed class HttpReader(bool isRequest)
{
    private const int LongestHead = 32 * 1024;

    private readonly MemoryStream _head = new(512);
    private State _state = State.Head;
    private long _left;
    private int _matched;

    private enum State
    {
        Head,
        Length,
        UntilClose,
        ChunkSize,
        ChunkExtension,
        ChunkData,
        ChunkEnd,
        Trailer,
        TrailerLine,
        Finished,
    }

    public string Head { get; private set; } = "";

    public bool HasHead => _state != State.Head;

    public bool Finished => _state == State.Finished;

    /// <summary>The status of a response, 0 before its head is here.</summary>
    public int Status { get; private set; }

    public string? Header(string name)
    {
        foreach (var line in Head.AsSpan().EnumerateLines())
        {
            var colon = line.IndexOf(':');
            if (colon > 0 && line[..colon].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return line[(colon + 1)..].Trim().ToString();
            }
        }
        return null;
    }

    /// <summary>Takes some of the input, and returns a piece of the body if that was one. To be called until the input is empty or the message is finished.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> input)
    {
        switch (_state)
        {
            case State.Head:
                ReadHead(ref input);
                return default;
            case State.Length:
                return Take(ref input, State.Finished);
            case State.ChunkData:
                return Take(ref input, State.ChunkEnd);
            case State.UntilClose:
                var all = input;
                input = default;
                return all;
            case State.Finished:
                return default;
            default:
                ReadFraming(ref input);
                return default;
        }
    }

    /// <summary>The other side has closed: true if the message is whole.</summary>
    public bool Close()
    {
        if (_state == State.UntilClose)
        {
            _state = State.Finished;
        }

        return Finished;
    }

    private ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> input, State then)
    {
        var piece = input[..(int)Math.Min(input.Length, _left)];
        input = input[piece.Length..];
        _left -= piece.Length;
        if (_left == 0)
        {
            _state = then;
        }

        return piece;
    }

    private void ReadHead(ref ReadOnlySpan<byte> input)
    {
        for (var i = 0; i < input.Length; i++)
        {
            _matched =
                input[i] == "\r\n\r\n"u8[_matched] ? _matched + 1
                : input[i] == '\r' ? 1
                : 0;
            if (_matched < 4)
            {
                continue;
            }

            _head.Write(input[..(i + 1)]);
            input = input[(i + 1)..];
            TakeHead();
            return;
        }
        _head.Write(input);
        input = default;
        if (_head.Length > LongestHead)
        {
            throw new InvalidDataException("The head is too long.");
        }
    }

    private void TakeHead()
    {
        Head = Encoding.Latin1.GetString(_head.GetBuffer(), 0, (int)_head.Length);
        if (!isRequest)
        {
            Status = int.Parse(Head.AsSpan(Head.IndexOf(' ', StringComparison.Ordinal) + 1, 3), CultureInfo.InvariantCulture);
        }

        if (Header("Transfer-Encoding") is { } coding && coding.EndsWith("chunked", StringComparison.OrdinalIgnoreCase))
        {
            _state = State.ChunkSize;
        }
        else if (Header("Content-Length") is { } length)
        {
            _state = (_left = long.Parse(length, CultureInfo.InvariantCulture)) == 0 ? State.Finished : State.Length;
        }
        else
        {
            _state = isRequest || Status is 204 or 304 ? State.Finished : State.UntilClose;
        }
    }

    private void ReadFraming(ref ReadOnlySpan<byte> input)
    {
        var b = input[0];
        input = input[1..];
        switch (_state)
        {
            case State.ChunkSize when char.IsAsciiHexDigit((char)b):
                _left = _left * 16 + (b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
                break;
            case State.ChunkSize or State.ChunkExtension:
                _state =
                    b != '\n' ? State.ChunkExtension
                    : _left > 0 ? State.ChunkData
                    : State.Trailer;
                break;
            case State.ChunkEnd when b == '\n':
                _state = State.ChunkSize;
                break;
            case State.Trailer:
                _state =
                    b == '\n' ? State.Finished
                    : b == '\r' ? State.Trailer
                    : State.TrailerLine;
                break;
            case State.TrailerLine when b == '\n':
                _state = State.Trailer;
                break;
        }
    }
}
