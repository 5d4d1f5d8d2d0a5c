using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>The native format: what a reader gets up to any cursor, and from it, join to what a reader without a cursor gets.</summary>
public sealed class NativeEventsTests
{
    private static readonly GenerationInfo Info = new(
        "c_1",
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "m_\"2\"",
        "demo/parley",
        DateTimeOffset.UnixEpoch
    );

    [Fact]
    public async Task Write_CutAnywhere_JoinsToTheWhole() => await Patience.Seeds(60, random =>
        {
            var log = RandomLog.Next(random, ended: random.Next(5) > 0);
            var whole = EventStreamReader.Read(Write(log.From(0)));
            var expected = Join(whole);
            foreach (var at in log.Boundaries())
            {
                var (before, after) = (EventStreamReader.Read(Write(log.Between(0, at))), EventStreamReader.Read(Write(log.From(at))));
                Assert.Equal(expected, Join([.. before, .. after]));
                AssertIds(before, 0, at, log);
                AssertIds(after, at, log.End, log);
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_CutIntoManySlices_JoinsToTheWhole() => await Patience.Seeds(200, random =>
        {
            var log = RandomLog.Next(random);
            List<byte> bytes = [];
            var boundaries = log.Boundaries();
            long at = 0;
            while (at < log.End)
            {
                var to = boundaries.First(boundary => boundary > at && (boundary == log.End || random.Next(8) == 0));
                bytes.AddRange(Write(log.Between(at, to)));
                at = to;
            }

            var events = EventStreamReader.Read(bytes.ToArray());
            Assert.Equal(Join(EventStreamReader.Read(Write(log.From(0)))), Join(events));
            AssertIds(events, 0, log.End, log);
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_FromTheIdOfAnyEvent_GivesExactlyTheRest() => await Patience.Seeds(100, random =>
        {
            var log = RandomLog.Next(random);
            var whole = Write(log.From(0));
            foreach (var one in EventStreamReader.Read(whole))
            {
                var at = long.Parse(one.LastEventId, CultureInfo.InvariantCulture);
                Assert.Equal(whole, (byte[])[.. Write(log.Between(0, at)), .. Write(log.From(at))]);
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_OfAnyLog_SaysWhatIsInIt() => await Patience.Seeds(300, random =>
        {
            var log = RandomLog.Next(random);
            var events = EventStreamReader.Read(Write(log.From(0)));
            Assert.Equal(log.TextOf(PartKind.Text), Content(events, "token"));
            Assert.Equal(log.TextOf(PartKind.Reasoning), Content(events, "reasoning"));
            Assert.Equal(log.TextOf(PartKind.Tool), Content(events, "tool-arguments"));
            Assert.Equal(
                log.Controls.Select(control => control.Entry).OfType<ToolReturned>().Select(result => result.CallId),
                events.Where(one => one.Kind == "tool-result").Select(one => one.Json.GetProperty("callId").GetString())
            );
            foreach (
                var (result, one) in log
                    .Controls.Select(control => control.Entry)
                    .OfType<ToolReturned>()
                    .Zip(events.Where(one => one.Kind == "tool-result"))
            )
            {
                if (result.Result is { } json)
                {
                    Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(json).RootElement, one.Json.GetProperty("result")));
                }
                else
                {
                    Assert.Equal(result.Error, one.Json.GetProperty("error").GetString());
                }
            }

            var last = events[^1];
            Assert.Equal(log.Ended!.Error is null ? "done" : "error", last.Kind);
            Assert.Equal(log.End.ToString(CultureInfo.InvariantCulture), last.LastEventId);
            Assert.Equal(1, events.Count(one => one.Kind is "done" or "error"));
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_OfAnyLog_KeepsToTheFormat() => await Patience.Seeds(300, random =>
        {
            var log = RandomLog.Next(random);
            var lines = EventStreamReader.Lines(Write(log.From(0)));
            for (var i = 0; i < lines.Count; i += 3)
            {
                // The data comes before the id, and nothing after it: a client that stores an id as it reads it has the data.
                Assert.StartsWith("data: {\"type\":\"", lines[i], StringComparison.Ordinal);
                Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(lines[i][6..]).RootElement.ValueKind);
                Assert.Matches("^id: [1-9][0-9]*$", lines[i + 1]);
                Assert.Equal("", lines[i + 2]);
            }

            return Task.CompletedTask;
        });

    [Fact]
    public void Write_OfAVeryLongText_IsOneEvent()
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"\"{i}\"\n😀\u0001"));
        var log = new LogBuilder().Part(PartKind.Text, text).Log;
        var one = Assert.Single(EventStreamReader.Read(Write(log.From(0))));
        Assert.Equal(text, one.Json.GetProperty("content").GetString());
    }

    [Fact]
    public void Write_IntoSmallSpans_IsTheSame()
    {
        var log = RandomLog.Next(new Random(7));
        var little = new SmallBuffer();
        new NativeEvents(Info).Write(log.From(0), little);
        Assert.Equal(Write(log.From(0)), little.Written);
    }

    [Fact]
    public void Heartbeat_Read_IsNoEvent()
    {
        Assert.Empty(EventStreamReader.Read(Heartbeat()));
        var log = new LogBuilder().Part(PartKind.Text, "x").Log;
        Assert.Single(EventStreamReader.Read([.. Write(log.From(0)), .. Heartbeat()]));
    }

    [Fact]
    public void WriteStart_Read_LeavesTheCursorAtTheBeginning()
    {
        var output = new ArrayBufferWriter<byte>();
        new NativeEvents(Info).WriteStart(output);
        var events = EventStreamReader.Read(output.WrittenSpan);
        Assert.Equal(["start", "typing"], events.Select(one => one.Kind));
        Assert.All(events, one => Assert.Equal(("message", "0"), (one.Type, one.LastEventId)));
        Assert.Equal("m_\"2\"", events[0].Json.GetProperty("messageId").GetString());
    }

    /// <summary>Clients rely on these bytes. <c>PARLEY_GOLDEN=write</c> rewrites the files: review what changed.</summary>
    [Theory]
    [InlineData("plain")]
    [InlineData("everything")]
    [InlineData("failed")]
    [InlineData("stopped")]
    public void Write_OfAKnownLog_IsTheGoldenFile(string name)
    {
        var log = name switch
        {
            "plain" => new LogBuilder()
                .Part(PartKind.Text, "Hello, \"world\"!\nGrüße 😀 </b>\u2028")
                .Completed(new GenerationUsage(12, 34))
                .Log,
            "everything" => new LogBuilder()
                .Part(PartKind.Reasoning, "Hm.")
                .Part(PartKind.Text, "Let me look.")
                .Tool("call_1", "weather", "{\"city\":\"Bern\"}")
                .Add(new ToolReturned("call_1", "{\n  \"temperature\": 21\n}", null))
                .Tool("call_2", "now", "{}")
                .Add(new ToolReturned("call_2", null, "The tool failed."))
                .Part(PartKind.Source, "{\"url\":\"https://example.com\"}")
                .Open(PartKind.Text)
                .Text("It is ")
                .Close()
                .Add(new Seam(Seam.Adopted, "demo/parley"))
                .Open(PartKind.Text, continues: true)
                .Text("21°.")
                .Close()
                .Completed(new GenerationUsage(100, 20, 50, 5, true))
                .Log,
            "failed" => new LogBuilder()
                .Part(PartKind.Text, "Half")
                .Add(
                    new GenerationEnded(
                        GenerationStatus.Failed,
                        "error",
                        null,
                        new GenerationError("provider_reset", "The connection broke.", true)
                    )
                )
                .Log,
            _ => new LogBuilder()
                .Part(PartKind.Text, "Half an answer")
                .Add(new GenerationEnded(GenerationStatus.Stopped, "stopped", new GenerationUsage(1, 2), StoppedAt: 5))
                .Log,
        };
        var output = new ArrayBufferWriter<byte>();
        new NativeEvents(Info).WriteStart(output);
        new NativeEvents(Info).Write(log.From(0), output);
        AssertGolden($"native-{name}.txt", output.WrittenSpan.ToArray());
    }

    private static void AssertGolden(string name, byte[] bytes, [CallerFilePath] string source = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(source)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("PARLEY_GOLDEN") == "write")
        {
            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal(Encoding.UTF8.GetString(File.ReadAllBytes(path)), Encoding.UTF8.GetString(bytes));
    }

    private static byte[] Write(LogSlice slice)
    {
        var output = new ArrayBufferWriter<byte>();
        new NativeEvents(Info).Write(slice, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads messages as a client does: consecutive text of one kind is one text.</summary>
    private static List<(string Kind, string Key, string Content)> Join(List<StreamEvent> events)
    {
        List<(string Kind, string Key, string Content)> joined = [];
        foreach (var one in events)
        {
            var key = one.Json.TryGetProperty("callId", out var callId) ? callId.GetString()! : "";
            if (!one.Json.TryGetProperty("content", out var content))
            {
                joined.Add((one.Kind, key, one.Data));
            }
            else if (joined.Count > 0 && joined[^1].Kind == one.Kind && joined[^1].Key == key)
            {
                joined[^1] = (one.Kind, key, joined[^1].Content + content.GetString());
            }
            else
            {
                joined.Add((one.Kind, key, content.GetString()!));
            }
        }

        return joined;
    }

    private static string Content(List<StreamEvent> events, string kind) =>
        string.Concat(events.Where(one => one.Kind == kind).Select(one => one.Json.GetProperty("content").GetString()));

    private static void AssertIds(List<StreamEvent> events, long from, long to, LogSnapshot log)
    {
        var last = from;
        foreach (var one in events)
        {
            Assert.Equal("message", one.Type);
            var id = long.Parse(one.LastEventId, CultureInfo.InvariantCulture);
            Assert.InRange(id, last + 1, to);
            Assert.True(id == log.End || LogSlice.IsBoundary(log.Bytes.Span[(int)id]), $"{id} is inside a character.");
            last = id;
        }
    }

    private static byte[] Heartbeat()
    {
        var output = new ArrayBufferWriter<byte>();
        new NativeEvents(Info).WriteHeartbeat(output);
        return output.WrittenSpan.ToArray();
    }
}
