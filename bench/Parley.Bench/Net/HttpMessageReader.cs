using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Parley.Bench;

/// <summary>
/// Incremental reader of one HTTP/1.1 message, request or response. It returns the body as slices of the input, without copying.
/// </summary>
internal sealed class HttpMessageReader(bool isRequest)
{
    private const int MaxHeadBytes = 32 * 1024;

    private readonly MemoryStream _head = new(512);
    private State _state = State.Head;
    private long _remaining;
    private int _terminatorLength;

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
        Complete,
    }

    public string Head { get; private set; } = "";

    public bool HasHead => _state != State.Head;

    public bool IsComplete => _state == State.Complete;

    /// <summary>Status code of a response; 0 until its head has been read.</summary>
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

    /// <summary>
    /// Consumes part of the input and returns the body bytes in it, if any. Call it until the input is empty or the message is complete.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<byte> Read(ref ReadOnlySpan<byte> input)
    {
        switch (_state)
        {
            case State.Head:
                ReadHead(ref input);
                return default;
            case State.Length:
                return TakeContent(ref input, State.Complete);
            case State.ChunkData:
                return TakeContent(ref input, State.ChunkEnd);
            case State.UntilClose:
                var all = input;
                input = default;
                return all;
            case State.Complete:
                return default;
            default:
                ReadFraming(ref input);
                return default;
        }
    }

    /// <summary>Called when the connection is closed by the other side; true if the message is complete.</summary>
    public bool OnClose()
    {
        if (_state == State.UntilClose)
        {
            _state = State.Complete;
        }

        return IsComplete;
    }

    private ReadOnlySpan<byte> TakeContent(ref ReadOnlySpan<byte> input, State next)
    {
        var content = input[..(int)Math.Min(input.Length, _remaining)];
        input = input[content.Length..];
        _remaining -= content.Length;
        if (_remaining == 0)
        {
            _state = next;
        }

        return content;
    }

    private void ReadHead(ref ReadOnlySpan<byte> input)
    {
        for (var i = 0; i < input.Length; i++)
        {
            _terminatorLength =
                input[i] == "\r\n\r\n"u8[_terminatorLength] ? _terminatorLength + 1
                : input[i] == '\r' ? 1
                : 0;
            if (_terminatorLength < 4)
            {
                continue;
            }

            _head.Write(input[..(i + 1)]);
            input = input[(i + 1)..];
            ParseHead();
            return;
        }

        _head.Write(input);
        input = default;
        if (_head.Length > MaxHeadBytes)
        {
            throw new InvalidDataException("The head exceeds the limit.");
        }
    }

    private void ParseHead()
    {
        Head = Encoding.Latin1.GetString(_head.GetBuffer(), 0, (int)_head.Length);
        if (!isRequest)
        {
            Status = int.Parse(Head.AsSpan(Head.IndexOf(' ', StringComparison.Ordinal) + 1, 3), CultureInfo.InvariantCulture);
        }

        if (Header("Transfer-Encoding") is { } encoding && encoding.EndsWith("chunked", StringComparison.OrdinalIgnoreCase))
        {
            _state = State.ChunkSize;
        }
        else if (Header("Content-Length") is { } length)
        {
            _state = (_remaining = long.Parse(length, CultureInfo.InvariantCulture)) == 0 ? State.Complete : State.Length;
        }
        else
        {
            _state = isRequest || Status is 204 or 304 ? State.Complete : State.UntilClose;
        }
    }

    private void ReadFraming(ref ReadOnlySpan<byte> input)
    {
        var b = input[0];
        input = input[1..];
        switch (_state)
        {
            case State.ChunkSize when char.IsAsciiHexDigit((char)b):
                _remaining = _remaining * 16 + (b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
                break;
            case State.ChunkSize or State.ChunkExtension:
                _state =
                    b != '\n' ? State.ChunkExtension
                    : _remaining > 0 ? State.ChunkData
                    : State.Trailer;
                break;
            case State.ChunkEnd when b == '\n':
                _state = State.ChunkSize;
                break;
            case State.Trailer:
                _state =
                    b == '\n' ? State.Complete
                    : b == '\r' ? State.Trailer
                    : State.TrailerLine;
                break;
            case State.TrailerLine when b == '\n':
                _state = State.Trailer;
                break;
        }
    }
}
