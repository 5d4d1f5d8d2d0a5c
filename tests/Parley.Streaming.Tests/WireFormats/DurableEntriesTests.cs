using System.Buffers;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;
using Parley.Streaming.Tests.WireFormats.OpenAI;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>Durable Streams: reads from any offset join to the whole, and the messages are the native events.</summary>
public sealed class DurableEntriesTests
{
    private delegate void Writer(in LogSlice slice, IBufferWriter<byte> output);

    [Fact]
    public async Task Write_CutAnywhere_JoinsToTheWhole() => await Patience.Seeds(60, random =>
        {
            var log = RandomLog.Next(random, ended: random.Next(5) > 0);
            var expected = Join(Messages(log.From(0)));
            foreach (var at in log.Boundaries())
            {
                Assert.Equal(expected, Join([.. Messages(log.Between(0, at)), .. Messages(log.From(at))]));
            }

            foreach (var oneIn in (int[])[1, 4])
            {
                Assert.Equal(expected, Join([.. log.Cut(random, oneIn).SelectMany(slice => Messages(slice))]));
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_OfAnyLog_IsTheNativeEventsWithTheirPositions() => await Patience.Seeds(200, random =>
        {
            var log = RandomLog.Next(random);
            var native = new ArrayBufferWriter<byte>();
            new NativeEvents(OpenAILogs.Info).Write(log.From(0), native);
            Assert.Equal(
                EventStreamReader.Read(native.WrittenSpan).Select(one => $"{one.Data[..^1]},\"position\":{one.LastEventId}}}"),
                Messages(log.From(0)).Select(message => message.GetRawText())
            );
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_FromThePositionOfAnyMessage_GivesTheRest() => await Patience.Seeds(100, random =>
        {
            var log = RandomLog.Next(random);
            var messages = Messages(log.From(0));
            for (var i = 0; i < messages.Count; i++)
            {
                Assert.True(
                    DurableOffsets.TryParse(DurableOffsets.Format(messages[i].GetProperty("position").GetInt64()), out var position)
                );
                Assert.Equal(
                    messages[(i + 1)..].Select(message => message.GetRawText()),
                    Messages(log.From(position!.Value)).Select(message => message.GetRawText())
                );
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_OfAnySlice_CountsTheMessages() => await Patience.Seeds(50, random =>
        {
            var log = RandomLog.Next(random);
            Assert.Equal(Messages(log.From(0)).Count, DurableEntries.Write(log.From(0), new ArrayBufferWriter<byte>()));
            return Task.CompletedTask;
        });

    [Fact]
    public async Task WriteText_CutAnywhere_IsTheAnswer() => await Patience.Seeds(100, random =>
        {
            var log = RandomLog.Next(random);
            foreach (var oneIn in (int[])[1, 5, 1000])
            {
                Assert.Equal(
                    log.TextOf(PartKind.Text),
                    string.Concat(log.Cut(random, oneIn).Select(slice => Written(DurableEntries.WriteText, slice)))
                );
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task WriteDataEvent_Read_HasTheMessages() => await Patience.Seeds(100, random =>
        {
            var log = RandomLog.Next(random);
            foreach (var slice in log.Cut(random, 6))
            {
                var one = Assert.Single(EventStreamReader.Read(Encoding.UTF8.GetBytes(Written(DurableEntries.WriteDataEvent, slice))));
                Assert.Equal(("data", Written(DurableEntries.WriteArray, slice)), (one.Type, one.Data));
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task WriteTextEvent_ReadInAnyPieces_IsTheAnswerWithoutCarriageReturns() => await Patience.Seeds(150, random =>
        {
            var log = RandomLog.Next(random);
            foreach (var oneIn in (int[])[1, 5, 1000])
            {
                List<StreamEvent> events =
                [
                    .. log.Cut(random, oneIn)
                        .Select(slice =>
                            Assert.Single(EventStreamReader.Read(Encoding.UTF8.GetBytes(Written(DurableEntries.WriteTextEvent, slice))))
                        ),
                ];
                Assert.All(events, one => Assert.Equal("data", one.Type));
                Assert.Equal(
                    log.TextOf(PartKind.Text).Replace("\r", "", StringComparison.Ordinal),
                    string.Concat(events.Select(one => one.Data))
                );
            }

            return Task.CompletedTask;
        });

    [Theory]
    [InlineData(false, false, """{"streamNextOffset":"0000000000000042","streamCursor":"7"}""")]
    [InlineData(true, false, """{"streamNextOffset":"0000000000000042","streamCursor":"7","upToDate":true}""")]
    [InlineData(true, true, """{"streamNextOffset":"0000000000000042","upToDate":true,"streamClosed":true}""")]
    public void WriteControlEvent_Always_SaysWhereTheReaderIs(bool upToDate, bool closed, string expected)
    {
        var output = new ArrayBufferWriter<byte>();
        DurableEntries.WriteControlEvent(42, 7, upToDate, closed, output);
        Assert.Equal($"event: control\ndata: {expected}\n\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Write_OfKnownLogs_IsTheGoldenFile() =>
        GoldenCases.AssertEqual(
            "durable-streams.txt",
            [
                .. OpenAILogs.All.Select(one => (one.Title, Bytes(DurableEntries.WriteArray, one.Log.From(0)))),
                ("nothing new", Bytes(DurableEntries.WriteArray, OpenAILogs.Plain.From(OpenAILogs.Plain.End))),
                ("plain, from inside the text", Bytes(DurableEntries.WriteArray, OpenAILogs.Plain.From(9))),
                ("text: plain", Bytes(DurableEntries.WriteText, OpenAILogs.Plain.From(0))),
                ("live: continued across a seam", Live(DurableEntries.WriteDataEvent, OpenAILogs.Continued)),
                ("live, text: plain", Live(DurableEntries.WriteTextEvent, OpenAILogs.Plain)),
            ]
        );

    private static List<JsonElement> Messages(LogSlice slice) =>
        [.. JsonElement.Parse(Written(DurableEntries.WriteArray, slice)).EnumerateArray()];

    private static string Written(Writer write, LogSlice slice) => Encoding.UTF8.GetString(Bytes(write, slice));

    private static byte[] Bytes(Writer write, LogSlice slice)
    {
        var output = new ArrayBufferWriter<byte>();
        write(slice, output);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Live(Writer write, LogSnapshot log)
    {
        var output = new ArrayBufferWriter<byte>();
        write(log.From(0), output);
        DurableEntries.WriteControlEvent(log.End, 7, upToDate: true, closed: false, output);
        DurableEntries.WriteControlEvent(log.End, 7, upToDate: true, closed: true, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads messages as a client does: consecutive text of one kind is one text.</summary>
    private static List<string> Join(List<JsonElement> messages)
    {
        List<(string Key, string Content)> joined = [];
        foreach (var message in messages)
        {
            var key =
                message.GetProperty("type").GetString() + (message.TryGetProperty("callId", out var call) ? " " + call.GetString() : "");
            if (!message.TryGetProperty("content", out var content))
            {
                joined.Add((message.GetRawText(), ""));
            }
            else if (joined.Count > 0 && joined[^1].Key == key)
            {
                joined[^1] = (key, joined[^1].Content + content.GetString());
            }
            else
            {
                joined.Add((key, content.GetString()!));
            }
        }

        return [.. joined.Select(one => one.Key + "|" + one.Content)];
    }
}
