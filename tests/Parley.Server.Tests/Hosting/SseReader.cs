using System.Buffers;
using System.Text;

namespace Parley.Server.Tests.Hosting;

/// <summary>An item of a stream of Server-Sent Events: an event, or a comment (a heartbeat).</summary>
internal sealed record SseItem(string? Comment, string Type, string Data, string LastEventId);

/// <summary>
/// Reads server-sent events as the HTML standard says: any line end, a BOM, sticky ids, an unfinished last block discarded. Refuses bytes
/// that are not UTF-8.
/// </summary>
internal sealed class SseReader(Stream stream)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _all = new();
    private int _at,
        _count;
    private bool _skipLineFeed,
        _first = true;
    private string _lastEventId = "",
        _idBuffer = "";

    /// <summary>All bytes so far.</summary>
    public byte[] Bytes => _all.WrittenSpan.ToArray();

    /// <summary>The last value of <c>retry</c>.</summary>
    public int? Retry { get; private set; }

    /// <summary>The next event or comment; null at the end of the stream.</summary>
    public async Task<SseItem?> NextAsync(CancellationToken cancellationToken)
    {
        var (data, type) = (new StringBuilder(), "");
        var hasData = false;
        while (await LineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                _lastEventId = _idBuffer;
                if (hasData && data.Length > 0)
                {
                    return new SseItem(null, type.Length > 0 ? type : "message", data.ToString(0, data.Length - 1), _lastEventId);
                }

                (hasData, type) = (false, "");
                data.Clear();
                continue;
            }

            if (line[0] == ':')
            {
                return new SseItem(line[1..].TrimStart(' '), "", "", _lastEventId);
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var field = colon < 0 ? line : line[..colon];
            var value = colon < 0 ? "" : line[(colon + 1)..];
            if (value.StartsWith(' '))
            {
                value = value[1..];
            }

            switch (field)
            {
                case "data":
                    data.Append(value).Append('\n');
                    hasData = true;
                    break;
                case "event":
                    type = value;
                    break;
                case "id" when !value.Contains('\0', StringComparison.Ordinal):
                    _idBuffer = value;
                    break;
                case "retry" when value.Length > 0 && value.All(char.IsAsciiDigit):
                    Retry = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                    break;
            }
        }

        return null;
    }

    private async ValueTask<string?> LineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_at < _count)
            {
                if (_skipLineFeed && _buffer[_at] == '\n')
                {
                    _at++;
                }

                _skipLineFeed = false;
                var rest = _buffer.AsSpan(_at, _count - _at);
                var length = rest.IndexOfAny((byte)'\n', (byte)'\r');
                _line.Write(length < 0 ? rest : rest[..length]);
                _at += length < 0 ? rest.Length : length + 1;
                if (length < 0)
                {
                    break;
                }

                _skipLineFeed = rest[length] == '\r';
                var line = Strict.GetString(_line.WrittenSpan);
                _line.ResetWrittenCount();
                if (_first && line.StartsWith('\uFEFF'))
                {
                    line = line[1..];
                }

                _first = false;
                return line;
            }

            _count = await stream.ReadAsync(_buffer, cancellationToken);
            _at = 0;
            if (_count == 0)
            {
                return null;
            }

            _all.Write(_buffer.AsSpan(0, _count));
        }
    }
}
