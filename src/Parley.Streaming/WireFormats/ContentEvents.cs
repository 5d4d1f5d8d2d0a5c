using System.Buffers;
using System.Text;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// Events that hold the answer so far in <c>content</c> and the new piece in <c>delta</c>: a client may show the one or append the other.
/// Every event has both, the last one too.
/// </summary>
/// <remarks>
/// <para>
/// The first text is written at once. After that an event is written when four more words have started, or when text has waited 50 ms since
/// the last bytes. In scripts that put no spaces between words, two characters count as a word.
/// </para>
/// <para>
/// Every event repeats the answer, so the bytes would grow with its square. Beyond 8 KiB words therefore no longer count, and text waits
/// until the rate of <c>content</c> is at most 512 KiB per second.
/// </para>
/// </remarks>
public sealed class ContentEvents : WireFormat
{
    private const int WordsPerEvent = 4,
        CharactersPerWord = 2,
        SmallContentBytes = 8 * 1024,
        MaxBytesPerSecond = 512 * 1024;

    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(50);

    private readonly ArrayBufferWriter<byte> _content = new(); // escaped for JSON
    private int _sent,
        _words,
        _characters;
    private bool _inWord;

    public override string ContentType => ServerSentEvents.ContentType;

    public override IReadOnlyList<(string Name, string Value)> Headers => ServerSentEvents.Headers;

    public override TimeSpan? HeldFor
    {
        get
        {
            if (_content.WrittenCount == _sent)
            {
                return null;
            }

            var wait = TimeSpan.FromSeconds((double)_content.WrittenCount / MaxBytesPerSecond);
            return wait > MinWait ? wait : MinWait;
        }
    }

    public override void WriteHeartbeat(IBufferWriter<byte> output) => output.Write(ServerSentEvents.Heartbeat);

    /// <summary>
    /// Writes a comment, so that headers and a first byte are sent. Clients would show an event without content as an empty answer.
    /// </summary>
    public override void WriteStart(IBufferWriter<byte> output) => WriteHeartbeat(output);

    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            if (entry.Part?.Part == PartKind.Text)
            {
                Hold(entry.Text);
            }
            else if (entry.Control is GenerationEnded ended)
            {
                WriteEnd(ended, output);
            }
        }

        if (_sent == 0 || (_words >= WordsPerEvent && _content.WrittenCount <= SmallContentBytes))
        {
            WriteHeld(output);
        }
    }

    public override void WriteHeld(IBufferWriter<byte> output)
    {
        if (_content.WrittenCount == _sent)
        {
            return;
        }

        output.Write("data: {"u8);
        WriteContent(output);
        output.Write("}\n\n"u8);
    }

    /// <summary>The last event has no new text: a client that reads only <c>done</c> of it has all the text already.</summary>
    private void WriteEnd(GenerationEnded ended, IBufferWriter<byte> output)
    {
        WriteHeld(output);
        output.Write("data: {"u8);
        if (ended.Error is { } error)
        {
            output.Write("\"error\":{\"code\":"u8);
            output.WriteQuoted(error.Code);
            output.Write(",\"message\":"u8);
            output.WriteQuoted(error.Message);
            output.Write("},"u8);
        }

        WriteContent(output);
        if (ended.Error is null)
        {
            output.Write(",\"done\":true,\"finishReason\":"u8);
            output.WriteQuoted(ended.FinishReason);
        }

        output.Write("}\n\n"u8);
    }

    private void WriteContent(IBufferWriter<byte> output)
    {
        var content = _content.WrittenSpan;
        output.Write("\"content\":\""u8);
        output.Write(content);
        output.Write("\",\"delta\":\""u8);
        output.Write(content[_sent..]);
        output.Write("\""u8);
        _sent = content.Length;
        _words = 0;
    }

    private void Hold(ReadOnlySpan<byte> text)
    {
        _content.WriteEscaped(text);
        if (_content.WrittenCount <= SmallContentBytes)
        {
            CountWords(text);
        }
    }

    private void CountWords(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            Rune.DecodeFromUtf8(text, out var rune, out var length);
            text = text[length..];
            if (Rune.IsWhiteSpace(rune))
            {
                _inWord = false;
            }
            else if (IsWithoutSpaces(rune.Value))
            {
                _inWord = true;
                if (++_characters % CharactersPerWord == 0)
                {
                    _words++;
                }
            }
            else if (!_inWord)
            {
                _inWord = true;
                _words++;
            }
        }
    }

    /// <summary>Thai, Lao, Burmese, Khmer, kana and Han.</summary>
    private static bool IsWithoutSpaces(int rune) =>
        rune >= 0x0E00
        && rune
            is <= 0x0EFF
                or (>= 0x1000 and <= 0x109F)
                or (>= 0x1780 and <= 0x17FF)
                or (>= 0x3040 and <= 0x30FF)
                or (>= 0x31F0 and <= 0x31FF)
                or (>= 0x3400 and <= 0x4DBF)
                or (>= 0x4E00 and <= 0x9FFF)
                or (>= 0xF900 and <= 0xFAFF)
                or (>= 0xFF66 and <= 0xFF9F)
                or (>= 0x20000 and <= 0x3FFFF);
}
