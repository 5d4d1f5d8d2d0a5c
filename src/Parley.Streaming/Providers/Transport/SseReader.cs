using System.Buffers;
using System.Runtime.CompilerServices;

namespace Parley.Streaming.Providers.Transport;

/// <summary>The result of <see cref="SseReader.ReadAsync"/>.</summary>
public enum SseReadResult
{
    /// <summary>An event; its data is in <see cref="SseReader.Data"/> until the next read.</summary>
    Event,

    /// <summary>The end of the stream; all events were delivered.</summary>
    End,

    /// <summary>A line or an event exceeded the limit; nothing more can be read.</summary>
    TooLarge,
}

/// <summary>
/// Reads server-sent events from a stream, incrementally and in place: an event's data is a slice of the one buffer.
/// Differs from the WHATWG grammar where providers do: a last event without its blank line counts, and an
/// <c>error:</c> field (old llama.cpp) is delivered as data with <see cref="IsError"/> set.
/// </summary>
public sealed class SseReader : IDisposable
{
    /// <summary>The default limit of a line or an event: 8 MiB.</summary>
    public const int DefaultMaxEventBytes = 8 * 1024 * 1024;
    private const int InitialBufferBytes = 4096;

    private readonly Stream _stream;
    private readonly int _maxEventBytes;
    private readonly byte[] _eventType = new byte[48];
    private int _eventTypeLength;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialBufferBytes);
    private int _line; // where the current line begins
    private int _scanned; // no line end before this
    private int _end; // end of what was read
    private int _dataStart;
    private int _dataEnd;
    private bool _hasData;
    private bool _delivered; // the current event is with the caller
    private bool _skipLineFeed;
    private bool _started;
    private bool _ended;

    /// <param name="stream">The body. The caller owns it.</param>
    /// <param name="maxEventBytes">The largest line or event, in bytes.</param>
    public SseReader(Stream stream, int maxEventBytes = DefaultMaxEventBytes)
    {
        _stream = stream;
        _maxEventBytes = maxEventBytes;
    }

    /// <summary>The data of the current event, lines joined by LF. Valid until the next read.</summary>
    public ReadOnlySpan<byte> Data => _buffer.AsSpan(_dataStart, _dataEnd - _dataStart);

    /// <summary>The event's type, at most 48 bytes of it; empty where it has none.</summary>
    public ReadOnlySpan<byte> EventType => _eventType.AsSpan(0, _eventTypeLength);

    /// <summary>The event came as an <c>error:</c> field.</summary>
    public bool IsError { get; private set; }

    /// <summary>The current event is the last one, and its closing blank line is missing.</summary>
    public bool IsUnterminated { get; private set; }

    /// <summary>Reads the next event.</summary>
    public ValueTask<SseReadResult> ReadAsync(CancellationToken cancellationToken) =>
        TryRead(out var result) ? new(result) : ReadSlowlyAsync(cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<SseReadResult> ReadSlowlyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await FillAsync(cancellationToken);
            if (TryRead(out var result))
            {
                return result;
            }
        }
    }

    /// <summary>The next event out of what is buffered; false when more must be read first.</summary>
    internal bool TryRead(out SseReadResult result)
    {
        result = SseReadResult.Event;
        if (_delivered)
        {
            Forget();
        }

        if (!_started && !SkipByteOrderMark())
        {
            return false;
        }

        while (true)
        {
            if (_skipLineFeed && _line < _end)
            {
                if (_buffer[_line] == '\n')
                {
                    _scanned = ++_line;
                }

                _skipLineFeed = false;
            }

            var lineEnd = _buffer.AsSpan(_scanned, _end - _scanned).IndexOfAny((byte)'\n', (byte)'\r');
            if (lineEnd < 0)
            {
                _scanned = _end;
                if (_end - KeepFrom > _maxEventBytes)
                {
                    return Found(SseReadResult.TooLarge, out result);
                }

                if (!_ended)
                {
                    return false;
                }

                if (_line < _end)
                {
                    TakeLine(_line, _end);
                }

                _line = _scanned = _end;
                IsUnterminated = true;
                return Found(_hasData ? SseReadResult.Event : SseReadResult.End, out result);
            }

            lineEnd += _scanned;
            var lineStart = _line;
            _skipLineFeed = _buffer[lineEnd] == '\r';
            _line = _scanned = lineEnd + 1;
            if (lineStart == lineEnd)
            {
                if (_hasData)
                {
                    return Found(SseReadResult.Event, out result);
                }

                Forget();
            }
            else
            {
                TakeLine(lineStart, lineEnd);
                if (_dataEnd - _dataStart > _maxEventBytes)
                {
                    return Found(SseReadResult.TooLarge, out result);
                }
            }
        }
    }

    /// <summary>Reads once from the stream, into a buffer that grows only when one event needs it.</summary>
    internal ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_ended)
        {
            return ValueTask.CompletedTask;
        }

        MakeRoom();
        var read = _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        if (!read.IsCompletedSuccessfully)
        {
            return AwaitAsync(read);
        }

        Advance(read.Result);
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AwaitAsync(ValueTask<int> read) => Advance(await read);

    /// <summary>The first byte that is not white space, without taking it; null when more must be read, -1 at the end.</summary>
    internal int? PeekFirst()
    {
        var rest = _buffer.AsSpan(_line, _end - _line);
        var first = rest.IndexOfAnyExcept(" \t\r\n\uFEFF"u8);
        return first >= 0 ? rest[first]
            : _ended ? -1
            : null;
    }

    /// <summary>Everything from here to the end as one event; null when more must be read first.</summary>
    internal SseReadResult? TakeBody()
    {
        if (_end - _line > _maxEventBytes)
        {
            return SseReadResult.TooLarge;
        }

        if (!_ended || !SkipByteOrderMark())
        {
            return null;
        }

        (_dataStart, _dataEnd, IsUnterminated) = (_line, _end, true);
        return SseReadResult.Event;
    }

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        (_line, _scanned, _end, _dataStart, _dataEnd, _ended) = (0, 0, 0, 0, 0, true);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private int KeepFrom => _hasData ? _dataStart : _line;

    private bool Found(SseReadResult found, out SseReadResult result)
    {
        _delivered = found == SseReadResult.Event;
        result = found;
        return true;
    }

    private void Forget()
    {
        (_delivered, _hasData, IsError) = (false, false, false);
        (_dataStart, _dataEnd, _eventTypeLength) = (0, 0, 0);
    }

    private bool SkipByteOrderMark()
    {
        if (_started)
        {
            return true;
        }

        var mark = "\uFEFF"u8;
        var have = _buffer.AsSpan(_line, Math.Min(mark.Length, _end - _line));
        if (have.Length < mark.Length && mark.StartsWith(have) && !_ended)
        {
            return false;
        }

        if (have.SequenceEqual(mark))
        {
            _line = _scanned = _line + mark.Length;
        }

        return _started = true;
    }

    private void TakeLine(int start, int end)
    {
        var line = _buffer.AsSpan(start, end - start);
        var colon = line.IndexOf((byte)':');
        var name = colon < 0 ? line : line[..colon];
        var value = colon < 0 ? end : start + colon + 1;
        if (value < end && _buffer[value] == ' ')
        {
            value++;
        }

        if (name.SequenceEqual("data"u8))
        {
            AddData(value, end - value);
        }
        else if (name.SequenceEqual("error"u8))
        {
            AddData(value, end - value);
            IsError = true;
        }
        else if (name.SequenceEqual("event"u8))
        {
            _eventTypeLength = Math.Min(end - value, _eventType.Length);
            _buffer.AsSpan(value, _eventTypeLength).CopyTo(_eventType);
        }
    }

    // A further line moves up to the one before it: its field name leaves more room than the LF between them takes.
    private void AddData(int value, int length)
    {
        if (!_hasData)
        {
            (_hasData, _dataStart, _dataEnd) = (true, value, value + length);
            return;
        }

        _buffer[_dataEnd++] = (byte)'\n';
        _buffer.AsSpan(value, length).CopyTo(_buffer.AsSpan(_dataEnd));
        _dataEnd += length;
    }

    private void MakeRoom()
    {
        if (_delivered)
        {
            Forget();
        }

        var keep = KeepFrom;
        if (keep == _end && !_hasData)
        {
            (_line, _scanned, _end, _dataStart, _dataEnd) = (0, 0, 0, 0, 0);
            return;
        }

        if (_end < _buffer.Length)
        {
            return;
        }

        if (keep >= _buffer.Length / 2)
        {
            _buffer.AsSpan(keep, _end - keep).CopyTo(_buffer);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(keep, _end - keep).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        _line -= keep;
        _scanned -= keep;
        _end -= keep;
        if (_hasData)
        {
            _dataStart -= keep;
            _dataEnd -= keep;
        }
    }

    private void Advance(int read)
    {
        if (read == 0)
        {
            _ended = true;
        }

        _end += read;
    }
}
