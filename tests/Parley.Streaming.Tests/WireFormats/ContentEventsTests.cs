using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>The rate of content events: the first text is sent at once, small answers flow smoothly, and large ones are bounded.</summary>
public sealed class ContentEventsTests
{
    private const int Small = 8 * 1024,
        BytesPerSecond = 512 * 1024;
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(50);
    private readonly ContentEvents _format = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly LogBuilder _log = new LogBuilder().Open(PartKind.Text);
    private long _from;

    [Fact]
    public void WriteStart_Read_IsNoEvent()
    {
        _format.WriteStart(_output);
        Assert.NotEqual(0, _output.WrittenCount);
        Assert.Empty(Events());
    }

    [Theory]
    [InlineData("I")]
    [InlineData(" ")]
    [InlineData("漢")]
    public void Write_FirstText_IsSentAtOnce(string text)
    {
        Take(text);
        Assert.Equal([(text, text)], Events());
        Assert.Null(_format.HeldFor);
    }

    [Theory]
    [InlineData(" one two three", " four")]
    [InlineData(" one\ntwo\u00a0three ", "four")]
    [InlineData(" 漢字かな漢字。", "カナ")]
    [InlineData(" สวัสดี", "ครับ")]
    [InlineData(" one 漢字漢字", " two")]
    public void Write_UntilFourWords_Holds(string held, string enough)
    {
        Take("So");
        foreach (var rune in held.EnumerateRunes())
        {
            Take(rune.ToString());
        }

        Assert.Single(Events());
        Assert.Equal(MinWait, _format.HeldFor);
        foreach (var rune in enough.EnumerateRunes())
        {
            Take(rune.ToString());
        }

        Assert.Equal(2, Events().Count);
        Assert.StartsWith("So" + held, Events()[1].Content, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_TheRestOfAWord_IsNoNewWord()
    {
        Take("un");
        foreach (var piece in (string[])["believ", "ably", " long", "ish", " wo", "rds"])
        {
            Take(piece);
        }

        Assert.Single(Events());
    }

    [Fact]
    public void WriteHeld_SendsAllThatIsHeld()
    {
        Take("So");
        Take(" it");
        _format.WriteHeld(_output);
        Assert.Equal([("So", "So"), ("So it", " it")], Events());
        Assert.Null(_format.HeldFor);
        _format.WriteHeld(_output);
        Assert.Equal(2, Events().Count);
    }

    [Fact]
    public void Write_TheEnd_SendsAllThatIsHeldAndThenTheEnd()
    {
        Take("So");
        Take(" it");
        _log.Close().Completed();
        Take("");
        Assert.Equal([("So", "So"), ("So it", " it"), ("So it", "")], Events());
        Assert.Null(_format.HeldFor);
    }

    [Fact]
    public void Write_AnAnswerWithoutText_HasContentNevertheless()
    {
        _log.Close().Completed();
        Take("");
        Assert.Equal([("", "")], Events());
    }

    [Fact]
    public void HeldFor_OfALargeAnswer_GrowsWithIt()
    {
        Take(new string('x', 64 * 1024));
        Take(" one two three four five six");
        Assert.Single(Events());
        Assert.Equal((64 * 1024 + 28.0) / BytesPerSecond, _format.HeldFor!.Value.TotalSeconds, 4);
    }

    [Fact]
    public void HeldFor_JustBeyondSmall_IsStillShort()
    {
        Take(new string('x', Small));
        Take(" one two three four");
        Assert.Single(Events());
        Assert.Equal(MinWait, _format.HeldFor);
    }

    /// <summary>
    /// A token every 1 to 20 ms, for 200 KB. While the answer is small there is at most one event for four words: less than 2 MiB in all,
    /// with words of five letters and a space. After that there are at most 512 KiB per second, at any rate of the model.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(20)]
    public void Write_OfALongAnswer_StaysBounded(int millisecondsPerToken)
    {
        const int Length = 200 * 1000;
        var (now, written, largest, events) = (TimeSpan.Zero, TimeSpan.Zero, 0L, 0);
        long bytes = 0;
        for (var token = 0; token * 6 < Length; token++)
        {
            // As a follower does: it writes each slice, and what is held back once that has waited long enough.
            while (_format.HeldFor is { } wait && written + wait <= now)
            {
                written += wait;
                Flush(_format.WriteHeld);
            }

            _log.Text(" words");
            var (to, from) = (_log.End, _from);
            Flush(output => _format.Write(Slice(from, to), output));
            _from = to;
            now += TimeSpan.FromMilliseconds(millisecondsPerToken);
        }

        Assert.InRange(bytes, Length, 2 * 1024 * 1024 + (long)(now.TotalSeconds * BytesPerSecond * 1.05));
        Assert.True(events > now / TimeSpan.FromMilliseconds(500), $"{events} events in {now}.");
        Assert.InRange(largest, 1, 2L * Length);

        void Flush(Action<IBufferWriter<byte>> write)
        {
            var piece = new ArrayBufferWriter<byte>();
            write(piece);
            if (piece.WrittenCount == 0)
            {
                return;
            }

            bytes += piece.WrittenCount;
            largest = Math.Max(largest, piece.WrittenCount);
            events++;
            written = TimeSpan.FromTicks(Math.Max(written.Ticks, now.Ticks));
        }
    }

    /// <summary>Writes the text, and what was added to the log before it, as one slice.</summary>
    private void Take(string text)
    {
        _log.Text(text);
        _format.Write(_log.Log.Between(_from, _log.End), _output);
        _from = _log.End;
    }

    /// <summary>Writes a token without copying the long log before it.</summary>
    private static LogSlice Slice(long from, long to) =>
        from == 0
            ? new LogSlice(0, (byte[])[LogSlice.Mark, .. " words"u8], new PositionedEntry[] { new(0, new PartOpened(PartKind.Text)) }, null)
            : new LogSlice(from, " words"u8.ToArray(), default, to > from ? new PartOpened(PartKind.Text) : null);

    private List<(string Content, string Delta)> Events() =>
        [
            .. EventFrames
                .Data(_output.WrittenSpan)
                .Select(data => JsonDocument.Parse(data).RootElement)
                .Select(json => (json.GetProperty("content").GetString()!, json.GetProperty("delta").GetString()!)),
        ];
}
