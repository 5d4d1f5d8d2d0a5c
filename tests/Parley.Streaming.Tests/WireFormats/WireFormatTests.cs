using System.Buffers;
using System.Text;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>The properties of every wire format.</summary>
public sealed class WireFormatTests
{
    public static TheoryData<string> Formats => FormatUnderTest.Names;

    public static TheoryData<string> FormatsWithCursor => FormatUnderTest.NamesWithCursor;

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Write_CutAnywhere_MeansTheSame(string name) => await Patience.Seeds(300, random =>
        {
            var format = FormatUnderTest.Of(name);
            var log = RandomEngineLog.Any(random, ended: random.Next(5) > 0);
            var whole = format.Read(format.Write(log)).ToString();
            Assert.Equal(whole, format.Read(format.Write(log, log.Boundaries())).ToString());
            Assert.Equal(whole, format.Read(format.Write(log, log.Controls.Select(control => control.Position))).ToString());
            Assert.Equal(whole, format.Read(format.Write(log, log.Boundaries().Where(_ => random.Next(8) == 0))).ToString());
            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Write_WithHeartbeatsAndPausesAnywhere_MeansTheSame(string name) => await Patience.Seeds(100, random =>
        {
            var format = FormatUnderTest.Of(name);
            var log = RandomEngineLog.Any(random);
            var output = new ArrayBufferWriter<byte>();
            var writer = format.Create();
            writer.WriteStart(output);
            long from = 0;
            foreach (var cut in log.Boundaries().Where(boundary => boundary == log.End || random.Next(5) == 0))
            {
                if (random.Next(3) == 0)
                {
                    writer.WriteHeartbeat(output);
                }

                if (writer.HeldFor is not null && random.Next(2) == 0)
                {
                    writer.WriteHeld(output);
                }

                if (cut > from)
                {
                    writer.Write(log.Between(from, cut), output);
                }

                from = cut;
            }

            Assert.Null(writer.HeldFor);
            Assert.Equal(format.Read(format.Write(log)).ToString(), format.Read(output.WrittenSpan.ToArray()).ToString());
            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Write_OfAnyLog_SaysWhatIsInIt(string name) => await Patience.Seeds(500, random =>
        {
            var format = FormatUnderTest.Of(name);
            var log = RandomEngineLog.Any(random);
            var answer = format.Read(format.Write(log));
            Assert.Equal(log.TextOf(PartKind.Text), answer.Text);
            Assert.Equal(ExpectedAnswer.Of(log, format.Features, format.End).Flat(), answer.Flat());
            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(FormatsWithCursor))]
    public async Task Write_FromAnyCursor_JoinsToTheWhole(string name) => await Patience.Seeds(60, random =>
        {
            var format = FormatUnderTest.Of(name);
            var log = RandomEngineLog.Any(random, ended: random.Next(5) > 0);
            var whole = format.Read(format.WriteFrom(log, 0, log.End)).ToString();
            foreach (var cursor in log.Boundaries())
            {
                Assert.Equal(
                    whole,
                    format.Read([.. format.WriteFrom(log, 0, cursor), .. format.WriteFrom(log, cursor, log.End)]).ToString()
                );
            }

            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(FormatsWithCursor))]
    public async Task Write_FromTheIdOfAnyEvent_GivesExactlyTheRest(string name) => await Patience.Seeds(60, random =>
        {
            var format = FormatUnderTest.Of(name);
            var log = RandomEngineLog.Any(random);
            var whole = format.WriteFrom(log, 0, log.End);
            for (var at = 0; at < whole.Length; )
            {
                at += whole.AsSpan(at).IndexOf("\n\n"u8) + 2;
                var id = long.Parse(
                    EventStreamReader.Read(whole.AsSpan(0, at))[^1].LastEventId,
                    System.Globalization.CultureInfo.InvariantCulture
                );
                Assert.Equal(whole[at..], format.WriteFrom(log, id, log.End));
            }

            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Write_AlwaysEndsAFrame(string name) => await Patience.Seeds(50, random =>
        {
            var format = FormatUnderTest.Of(name);
            var log = RandomEngineLog.Any(random);
            var writer = format.Create();
            var frames = new List<byte[]> { Piece(writer.WriteStart), Piece(writer.WriteHeartbeat) };
            var boundaries = log.Boundaries();
            for (var i = 1; i < boundaries.Count; i++)
            {
                frames.Add(Piece(output => writer.Write(log.Between(boundaries[i - 1], boundaries[i]), output)));
            }

            Assert.All(frames, frame => Assert.True(frame.Length == 0 || frame.AsSpan().EndsWith(Encoding.UTF8.GetBytes(format.FrameEnd))));
            return Task.CompletedTask;
        });

    /// <summary>The bytes depend on the log and its cuts alone: not on a clock, a counter, or state that readers share.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Write_Again_GivesTheSameBytes(string name) => await Patience.Seeds(50, random =>
        {
            var format = FormatUnderTest.Of(name);
            var log = RandomEngineLog.Any(random);
            var cuts = log.Boundaries().Where(_ => random.Next(8) == 0).ToList();
            Assert.Equal(format.Write(log, cuts), format.Write(log, cuts));
            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Write_IntoSmallSpans_IsTheSame(string name) => await Patience.Seeds(50, random =>
        {
            var format = FormatUnderTest.Of(name);
            var log = RandomEngineLog.Any(random);
            var (little, writer) = (new SmallBuffer(), format.Create());
            writer.WriteStart(little);
            FormatUnderTest.WriteTo(writer, log, 0, log.Boundaries(), little);
            Assert.Equal(format.Write(log, log.Boundaries()), little.Written);
            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(Formats))]
    public void Write_OfDifficultText_KeepsIt(string name)
    {
        var format = FormatUnderTest.Of(name);
        var controls = string.Concat(Enumerable.Range(0, 32).Select(i => (char)i));
        var worst =
            controls
            + "\u007f\u0085\u2028\u2029\ufeff\ufffe\"\\/'`<>&+ data: x\n\nid: 1\n: hb\n\n0:\"x\"\n[DONE] 漢字 👨‍👩‍👧‍👦 \ud800 \udc00 \U0010ffff";
        var arguments = "{\"text\":" + System.Text.Json.JsonSerializer.Serialize(worst) + ",\"raw\":\"\u2028\u0085\",\"half\":\"\\ud800\"}";
        var log = new LogBuilder()
            .Part(PartKind.Reasoning, worst)
            .Part(PartKind.Text, worst)
            .Tool("call_\"\\\u2028\n1", "tool\n\"", arguments)
            .Add(new ToolReturned("call_\"\\\u2028\n1", null, worst))
            .Tool("call_2", "tool", worst)
            .Add(new ToolReturned("call_2", "\"\u2028\\ud800\"", null))
            .Part(PartKind.Text, worst)
            .Add(
                new GenerationEnded(
                    GenerationStatus.Failed,
                    "error",
                    null,
                    new GenerationError(
                        "code",
                        worst.Replace("\ud800", "\ufffd", StringComparison.Ordinal).Replace("\udc00", "\ufffd", StringComparison.Ordinal),
                        false
                    )
                )
            )
            .Log;
        var whole = format.Read(format.Write(log));
        Assert.Equal(ExpectedAnswer.Of(log, format.Features, format.End).Flat(), whole.Flat());
        Assert.Equal(whole.ToString(), format.Read(format.Write(log, log.Boundaries())).ToString());
    }

    /// <summary>
    /// A frame is one line to every reader, also to one for which U+2028, U+0085 and the like end a line. JSON from a model or a tool is
    /// passed on unchanged.
    /// </summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Write_OfTextWithOddLineBreaks_EscapesThem(string name)
    {
        var format = FormatUnderTest.Of(name);
        const string Breaks = "\u2028\u2029\u0085\u000b\u000c\u001c";
        var log = new LogBuilder().Part(PartKind.Reasoning, "a" + Breaks).Part(PartKind.Text, Breaks + "b").Completed().Log;
        Assert.Equal(name == "raw-text", Encoding.UTF8.GetString(format.Write(log)).Any(Breaks.Contains));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Headers_KeepProxiesFromHoldingBytesBack(string name)
    {
        var format = FormatUnderTest.Of(name).Create();
        Assert.Contains(("Cache-Control", "no-cache, no-transform"), format.Headers);
        Assert.Contains(("X-Accel-Buffering", "no"), format.Headers);
        Assert.Matches("^text/(event-stream|plain); charset=utf-8$", format.ContentType);
    }

    /// <summary>A format that cannot report a failure must abort the connection, so that no client takes a part for the answer.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Write_OfAFailedAnswer_SaysSoOrIsCut(string name)
    {
        var format = FormatUnderTest.Of(name);
        var log = new LogBuilder()
            .Part(PartKind.Text, "Half")
            .Add(
                new GenerationEnded(
                    GenerationStatus.Interrupted,
                    "error",
                    null,
                    new GenerationError("interrupted", "It was interrupted.", true)
                )
            )
            .Log;
        var answer = format.Read(format.Write(log));
        Assert.Equal("Half", answer.Text);
        Assert.True(format.Create().CutsAfterFailure || answer.End == "error: It was interrupted.", answer.End);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void WriteHeartbeat_Read_IsNothing(string name)
    {
        var format = FormatUnderTest.Of(name);
        var heartbeat = Piece(format.Create().WriteHeartbeat);
        Assert.Equal(new RenderedAnswer().ToString(), format.Read([.. heartbeat, .. heartbeat]).ToString());
    }

    private static byte[] Piece(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
