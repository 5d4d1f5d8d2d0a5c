using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>
/// The events of a model's stream, encoded once: a token is its prefix, <c>~{number}:{nanoseconds}~ </c> and its suffix, one chunk of the body,
/// one write. The number lets a reader see that nothing is missing, doubled or out of order; the time tells it how late the token is.
/// </summary>
internal sealed class Frames
{
    public static readonly byte[] StreamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray();
    public static readonly byte[] BodyEnd = "0\r\n\r\n"u8.ToArray();

    private readonly string _model;
    private readonly byte[] _prefix;
    private readonly byte[] _suffix;
    private readonly byte[] _scratch;

    public Frames(string model)
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

    /// <summary>An error frame; like a careless provider's it tells a secret, which must not reach the reader.</summary>
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

    /// <summary>The frame of a token, stamped now. It is good until the next call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<byte> Token(int number)
    {
        const int sizeLine = 6;
        var at = sizeLine + _prefix.Length;
        _prefix.CopyTo(_scratch, sizeLine);
        at += WriteToken(_scratch.AsSpan(at), number);
        _suffix.CopyTo(_scratch, at);
        at += _suffix.Length;
        (at - sizeLine - 2).TryFormat(_scratch, out _, "x4", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(_scratch.AsSpan(4));
        return _scratch.AsSpan(0, at);
    }

    public static int WriteToken(Span<byte> to, int number)
    {
        to[0] = (byte)'~';
        number.TryFormat(to[1..], out var digits, provider: CultureInfo.InvariantCulture);
        to[digits + 1] = (byte)':';
        Clock.Now.TryFormat(to[(digits + 2)..], out var more, provider: CultureInfo.InvariantCulture);
        var at = digits + more + 2;
        to[at] = (byte)'~';
        to[at + 1] = (byte)' ';
        return at + 2;
    }

    private string Event(string rest) =>
        $"data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"{_model}\",{rest}}}\n\n";

    private static byte[] Chunk(string text) => Chunk(Encoding.UTF8.GetBytes(text));

    private static byte[] Chunk(byte[] data) =>
        [.. Encoding.ASCII.GetBytes(data.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. data, .. "\r\n"u8];
}
