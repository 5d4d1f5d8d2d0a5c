using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>
/// The events of a model's stream, encoded once. A token is a prefix, <c>~{number}:{nanoseconds}~ </c> and a suffix: one chunk of the body,
/// sent with one write. A reader checks the order by the numbers and computes the lateness from the timestamps.
/// </summary>
internal sealed class ResponseFrames
{
    public static readonly byte[] StreamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray();
    public static readonly byte[] BodyEnd = "0\r\n\r\n"u8.ToArray();

    private readonly string _model;
    private readonly byte[] _prefix;
    private readonly byte[] _suffix;
    private readonly byte[] _scratch;

    public ResponseFrames(string model)
    {
        _model = JsonEncodedText.Encode(model).ToString();
        var around = Event("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"~\"},\"finish_reason\":null}]").Split('~');
        _prefix = Encoding.UTF8.GetBytes(around[0]);
        _suffix = Encoding.UTF8.GetBytes(around[1] + "\r\n");
        _scratch = new byte[_prefix.Length + _suffix.Length + 64];
        Opening = Chunk(Event("\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]"));
        Finish = Chunk(Event("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]"));
    }

    public byte[] Opening { get; }

    public byte[] Finish { get; }

    public static byte[] Done { get; } = Chunk("data: [DONE]\n\n");

    public static byte[] BadJson { get; } = Chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"oops\n\n");

    public static byte[] BadUtf8 { get; } =
        Chunk([
            .. "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\""u8,
            0xC3,
            0x28,
            0xFF,
            .. "\"},\"finish_reason\":null}]}\n\n"u8,
        ]);

    /// <summary>An error event with a secret in its message, which must not reach the client.</summary>
    public static byte[] Error { get; } =
        Chunk("data: {\"error\":{\"message\":\"Overloaded, key sk-SECRET-UPSTREAM\",\"type\":\"server_error\",\"code\":null}}\n\n");

    public byte[] Big =>
        Chunk(Event($"\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{new string('x', 1 << 20)}\"}},\"finish_reason\":null}}]"));

    public byte[] Usage(int tokens) =>
        Chunk(
            Event(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"\"choices\":[],\"usage\":{{\"prompt_tokens\":7,\"completion_tokens\":{tokens},\"total_tokens\":{7 + tokens}}}"
                )
            )
        );

    /// <summary>The event of a token with the current time. The span is valid until the next call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<byte> Token(int number)
    {
        const int sizeLine = 6; // four hexadecimal digits and CRLF
        var length = sizeLine + _prefix.Length;
        _prefix.CopyTo(_scratch, sizeLine);
        length += WriteToken(_scratch.AsSpan(length), number);
        _suffix.CopyTo(_scratch, length);
        length += _suffix.Length;
        (length - sizeLine - 2).TryFormat(_scratch, out _, "x4", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(_scratch.AsSpan(4));
        return _scratch.AsSpan(0, length);
    }

    public static int WriteToken(Span<byte> destination, int number)
    {
        destination[0] = (byte)'~';
        number.TryFormat(destination[1..], out var numberLength, provider: CultureInfo.InvariantCulture);
        destination[numberLength + 1] = (byte)':';
        Clock.Now.TryFormat(destination[(numberLength + 2)..], out var timeLength, provider: CultureInfo.InvariantCulture);
        var length = numberLength + timeLength + 2;
        destination[length] = (byte)'~';
        destination[length + 1] = (byte)' ';
        return length + 2;
    }

    private string Event(string rest) =>
        $"data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"{_model}\",{rest}}}\n\n";

    private static byte[] Chunk(string text) => Chunk(Encoding.UTF8.GetBytes(text));

    private static byte[] Chunk(byte[] data) =>
        [.. Encoding.ASCII.GetBytes(data.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. data, .. "\r\n"u8];
}
