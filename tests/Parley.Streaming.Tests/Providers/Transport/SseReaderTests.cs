using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Tests.Providers.Transport;

public sealed class SseReaderTests
{
    [Theory]
    [InlineData("data: a\n\ndata: b\n\n", "a|b")]
    [InlineData("data: a\r\n\r\ndata: b\r\n\r\n", "a|b")]
    [InlineData("data: a\r\rdata: b\r\r", "a|b")]
    [InlineData("data: a\n\r\ndata: b\r\n\n", "a|b")]
    [InlineData("\uFEFFdata: a\n\n", "a")]
    [InlineData("data:a\n\n", "a")]
    [InlineData("data:  a \n\n", " a ")]
    [InlineData("data: a\ndata: b\ndata:c\n\n", "a\nb\nc")]
    [InlineData("data: a\r\ndata: b\r\n\r\n", "a\nb")]
    [InlineData("data: a\rdata: b\r\r", "a\nb")]
    [InlineData("data\ndata\n\n", "\n")]
    [InlineData("data:\n\n", "")]
    [InlineData(": ping\n\n:\n\ndata: a\n: between\ndata: b\n\n", "a\nb")]
    [InlineData("id: 1\nretry: 5\nevent: message\ndata: a\n\n", "a")]
    [InlineData("event: ping\n\ndata: a\n\n", "a")]
    [InlineData("data: a\n\ndata: [DONE]", "a|[DONE]")]
    [InlineData("data: a\n\ndata: b\n", "a|b")]
    [InlineData("data: a\n\nda", "a")]
    [InlineData("database: x\ndata: a\n\n", "a")]
    [InlineData("", "")]
    public async Task Reader_EveryForm_GivesTheEvents(string bytes, string expected)
    {
        var events = await ReadAsync(Encoding.UTF8.GetBytes(bytes), [int.MaxValue]);

        Assert.Equal(expected, string.Join('|', events));
    }

    [Fact]
    public async Task Reader_ErrorField_IsAnErrorEvent()
    {
        using var reader = new SseReader(new MemoryStream("error: {\"code\":500}\n\ndata: x\n\n"u8.ToArray()));

        Assert.Equal(SseReadResult.Event, await reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.True(reader.IsError);
        Assert.Equal("{\"code\":500}", Encoding.UTF8.GetString(reader.Data));
        Assert.Equal(SseReadResult.Event, await reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.False(reader.IsError);
    }

    [Fact]
    public async Task Reader_NamedEvent_GivesItsTypeForThatEventOnly()
    {
        using var reader = new SseReader(new MemoryStream("event: error\ndata: x\n\ndata: y\n\n"u8.ToArray()));

        await reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal("error", Encoding.UTF8.GetString(reader.EventType));
        await reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.True(reader.EventType.IsEmpty);
    }

    [Theory]
    [InlineData("data: {0}")]
    [InlineData("data: {0}\n\n")]
    [InlineData("data: a\n\n: {0}")]
    public async Task Reader_LineOverTheLimit_SaysSoWithoutReadingOn(string form)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Format(null, form, new string('x', 100_000)));
        var stream = new CutStream(bytes, [1000]);
        using var reader = new SseReader(stream, maxEventBytes: 10_000);

        SseReadResult result;
        do
        {
            result = await reader.ReadAsync(TestContext.Current.CancellationToken);
        } while (result == SseReadResult.Event);

        Assert.Equal(SseReadResult.TooLarge, result);
        Assert.True(stream.Position < 30_000, $"read {stream.Position} bytes");
    }

    [Fact]
    public async Task Reader_ManyLinesOverTheLimit_SaysSo()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("data: 0123456789\n", 10_000)));
        using var reader = new SseReader(new CutStream(bytes, [1000]), maxEventBytes: 10_000);

        Assert.Equal(SseReadResult.TooLarge, await reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Reader_GiantEventUnderTheLimit_ArrivesWhole()
    {
        var giant = new string('ü', 1_500_000);

        var events = await ReadAsync(Encoding.UTF8.GetBytes($"data: a\n\ndata: {giant}\ndata: b\n\ndata: c\n\n"), [7000]);

        Assert.Equal(["a", giant + "\nb", "c"], events);
    }

    [Fact]
    public async Task Reader_EventOfManyLines_OutgrowsTheBufferAndArrivesWhole()
    {
        string[] lines = [.. Enumerable.Range(0, 500).Select(i => $"{i} {new string('漢', 70)}")];

        var events = await ReadAsync(
            Encoding.UTF8.GetBytes($"data: a\n\n{string.Concat(lines.Select(l => $"data: {l}\n"))}\ndata: c\n\n"),
            [700]
        );

        Assert.Equal(["a", string.Join('\n', lines), "c"], events);
    }

    [Fact]
    public void Reader_AnyCut_GivesTheSameEvents()
    {
        string[] pieces =
        [
            "data: a",
            "data:ü",
            "data: {\"x\":1}",
            "data",
            ": c",
            "event: e",
            "id: 7",
            "error: z",
            "data: 漢字🙂",
            "\n",
            "\n",
            "\r\n",
            "\r",
            "\r\n\r\n",
            "\n\n",
        ];
        var texts = Gen.Elements(pieces).ListOf(40).Select(string.Concat);
        var cuts = Gen.Choose(1, 9).ListOf(30);
        var inputs = texts.Zip(cuts).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(inputs, input =>
            {
                var bytes = Encoding.UTF8.GetBytes(input.Item1);
                var whole = ReadAsync(bytes, [int.MaxValue]).GetAwaiter().GetResult();
                var cut = ReadAsync(bytes, [.. input.Item2]).GetAwaiter().GetResult();
                var single = ReadAsync(bytes, [1]).GetAwaiter().GetResult();
                return whole.SequenceEqual(cut) && whole.SequenceEqual(single);
            }));
    }

    private static async Task<List<string>> ReadAsync(byte[] bytes, int[] cuts)
    {
        List<string> events = [];
        using var reader = new SseReader(new CutStream(bytes, cuts));
        while (await reader.ReadAsync(CancellationToken.None) == SseReadResult.Event)
        {
            events.Add(Encoding.UTF8.GetString(reader.Data));
        }

        return events;
    }
}
