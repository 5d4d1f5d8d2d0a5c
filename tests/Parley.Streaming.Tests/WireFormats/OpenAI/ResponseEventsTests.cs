using System.Buffers;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats.OpenAI;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats.OpenAI;

/// <summary>Responses: every reading of a log has the same events with the same numbers, wherever it begins and is cut.</summary>
public sealed class ResponseEventsTests
{
    [Fact]
    public async Task Write_HoweverItIsCut_GivesTheSameBytes() => await Patience.Seeds(150, random =>
        {
            var log = RandomLog.Next(random, ended: random.Next(5) > 0);
            var request = Declare(log.SomeTools(random));
            var whole = Format(request).Write(log);
            foreach (var oneIn in (int[])[1, 2, 9])
            {
                Assert.Equal(Encoding.UTF8.GetString(whole), Encoding.UTF8.GetString(Format(request).Write(log.Cut(random, oneIn))));
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_OfALogThatGrows_OnlyAppends() => await Patience.Seeds(60, random =>
        {
            var log = RandomLog.Next(random);
            var request = Declare(log.SomeTools(random));
            var whole = Encoding.UTF8.GetString(Format(request).Write(log));
            foreach (var at in log.Boundaries())
            {
                Assert.StartsWith(Encoding.UTF8.GetString(Format(request).Write([log.Between(0, at)])), whole, StringComparison.Ordinal);
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_StartingAfterAnyNumber_GivesExactlyTheRest() => await Patience.Seeds(60, random =>
        {
            var log = RandomLog.Next(random);
            var request = Declare(log.SomeTools(random));
            var frames = Frames(Format(request).Write(log));
            for (var number = 0; number < frames.Count; number++)
            {
                var rest = Frames(new ResponseEvents(OpenAILogs.Info, request, number) { Comments = false }.Write(log.Cut(random, 3)));
                Assert.Equal(frames, [.. frames[..(number + 1)], .. rest]);
                if (rest.Count > 0)
                {
                    Assert.Equal(number + 1, Data(rest[0]).GetProperty("sequence_number").GetInt64());
                }
            }

            Assert.Empty(new ResponseEvents(OpenAILogs.Info, request, long.MaxValue) { Comments = false }.Write(log));
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_OfAnyLog_IsWhatAStrictClientAccepts() => await Patience.Seeds(400, random =>
        {
            var log = RandomLog.Next(random);
            var tools = log.SomeTools(random);
            var client = StrictClient.Read(Frames(Format(Declare(tools)).Write(log)));
            Assert.Equal(log.TextOf(PartKind.Text), client.TextOf("message"));
            Assert.Equal(log.TextOf(PartKind.Reasoning), client.TextOf("reasoning"));
            Assert.Equal(
                log.Controls.Select(control => control.Entry)
                    .OfType<PartOpened>()
                    .Where(part => tools.Contains(part.Name ?? ""))
                    .Select(part => $"{part.CallId} {part.Name}"),
                client
                    .Items.Where(item => item.GetProperty("type").GetString() == "function_call")
                    .Select(item => $"{item.GetProperty("call_id").GetString()} {item.GetProperty("name").GetString()}")
            );

            // The last event has the object that a client gets when it retrieves the Response.
            var output = new ArrayBufferWriter<byte>();
            ResponseObject.Write(OpenAILogs.Info, log, Declare(tools), output);
            Assert.Equal(Encoding.UTF8.GetString(output.WrittenSpan), client.Response.GetRawText());
            if (log.Ended!.StoppedAt is null)
            {
                Assert.Equal(
                    client.Items.Select(item => item.GetRawText()),
                    client.Response.GetProperty("output").EnumerateArray().Select(item => item.GetRawText())
                );
            }

            return Task.CompletedTask;
        });

    [Theory]
    [InlineData("completed", "response.completed", "completed", null)]
    [InlineData("length", "response.incomplete", "incomplete", "max_output_tokens")]
    [InlineData("content-filter", "response.incomplete", "incomplete", "content_filter")]
    [InlineData("stopped", "response.incomplete", "cancelled", null)]
    [InlineData("failed", "response.failed", "failed", null)]
    [InlineData("interrupted", "response.failed", "failed", null)]
    public void Write_OfAnEnd_IsInOpenAIsTerms(string end, string type, string status, string? reason)
    {
        var log = new LogBuilder()
            .Part(PartKind.Text, "x")
            .Add(
                end switch
                {
                    "completed" => new GenerationEnded(GenerationStatus.Completed, "stop"),
                    "stopped" => new GenerationEnded(GenerationStatus.Stopped, "stopped"),
                    "failed" => new GenerationEnded(
                        GenerationStatus.Failed,
                        "error",
                        Error: new GenerationError("provider_rate_limited", "Wait.", true)
                    ),
                    "interrupted" => new GenerationEnded(
                        GenerationStatus.Interrupted,
                        "error",
                        Error: new GenerationError("interrupted", "Again.", true)
                    ),
                    _ => new GenerationEnded(GenerationStatus.Completed, end),
                }
            )
            .Log;
        var last = EventStreamReader.Read(Format(default).Write(log))[^1];
        var response = last.Json.GetProperty("response");
        Assert.Equal((type, status), (last.Type, response.GetProperty("status").GetString()));
        var details = response.GetProperty("incomplete_details");
        Assert.Equal(reason, details.ValueKind == JsonValueKind.Null ? null : details.GetProperty("reason").GetString());
        var code = end switch
        {
            "failed" => "rate_limit_exceeded",
            "interrupted" => "server_error",
            _ => null,
        };
        Assert.Equal(
            code,
            response.GetProperty("error") is { ValueKind: JsonValueKind.Object } error ? error.GetProperty("code").GetString() : null
        );
        Assert.Equal(end == "completed" ? "completed" : "incomplete", response.GetProperty("output")[0].GetProperty("status").GetString());
    }

    [Fact]
    public void Write_AcrossASeam_KeepsTheItem()
    {
        var events = EventStreamReader.Read(Format(default).Write(OpenAILogs.Continued));
        var item = Assert.Single(events, one => one.Type == "response.output_item.done").Json.GetProperty("item");
        Assert.Equal("It is 21°.", item.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal("completed", item.GetProperty("status").GetString());
    }

    [Fact]
    public void Write_OfAnotherKindAfterASeam_IsAnotherItem()
    {
        var log = new LogBuilder()
            .Part(PartKind.Reasoning, "Hm")
            .Add(new Seam(Seam.Adopted, "m"))
            .Open(PartKind.Text, continues: true)
            .Text("Yes")
            .Close()
            .Completed()
            .Log;
        Assert.Equal(
            ["reasoning", "message"],
            StrictClient.Read(Frames(Format(default).Write(log))).Items.Select(item => item.GetProperty("type").GetString())
        );
    }

    [Fact]
    public void Write_OfAPartThatEnded_HoldsNothingBackBeforeTheNextEntry()
    {
        var log = new LogBuilder().Part(PartKind.Text, "Hello").Log;
        var deltas = EventStreamReader
            .Read(Format(default).Write(log))
            .Where(one => one.Type == "response.output_text.delta")
            .Select(one => one.Json.GetProperty("delta").GetString());
        Assert.Equal("Hello", string.Concat(deltas));
    }

    [Fact]
    public void Write_OfTheFirstCharacter_IsNotDelayed()
    {
        var log = new LogBuilder().Open(PartKind.Text).Text("😀").Log;
        Assert.Equal("😀", EventStreamReader.Read(Format(default).Write(log))[^1].Json.GetProperty("delta").GetString());
    }

    [Fact]
    public void WriteHeartbeat_Read_IsNoEventAndCanBeTurnedOff()
    {
        var output = new ArrayBufferWriter<byte>();
        Format(default).WriteHeartbeat(output);
        Assert.Equal(": hb\n\n", Encoding.UTF8.GetString(output.WrittenSpan));
        output.Clear();
        new ResponseEvents(OpenAILogs.Info, null, null) { Comments = false }.WriteHeartbeat(output);
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void Write_OfKnownLogs_IsTheGoldenFile() =>
        GoldenCases.AssertEqual(
            "responses.txt",
            [
                .. OpenAILogs.All.Select(one => (one.Title, Format(OpenAILogs.Request).Write(one.Log))),
                (
                    "plain, after event 7, under the client's name for the model",
                    new ResponseEvents(OpenAILogs.Info, null, 7, "my \"model\"").Write(OpenAILogs.Plain)
                ),
                .. OpenAILogs.All.Select(one => ("object: " + one.Title, Object(one.Log))),
                ("object: queued", Object(LogSnapshot.Empty, ResponseStatus.Queued)),
                ("object: in progress", Object(OpenAILogs.Plain.UpTo(10))),
            ]
        );

    private static ResponseEvents Format(JsonElement request) => new(OpenAILogs.Info, request, null);

    private static byte[] Object(LogSnapshot log, ResponseStatus? status = null)
    {
        var output = new ArrayBufferWriter<byte>();
        ResponseObject.Write(OpenAILogs.Info, log, OpenAILogs.Request, output, status);
        return output.WrittenSpan.ToArray();
    }

    private static JsonElement Declare(IEnumerable<string> tools) =>
        JsonSerializer.SerializeToElement(new { tools = tools.Select(name => new { type = "function", name }) });

    private static List<string> Frames(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        Assert.True(text.Length == 0 || text.EndsWith("\n\n", StringComparison.Ordinal));
        return [.. text.Split("\n\n")[..^1]];
    }

    private static JsonElement Data(string frame)
    {
        var lines = frame.Split('\n');
        Assert.Equal(2, lines.Length);
        var data = JsonElement.Parse(lines[1]["data: ".Length..]);
        Assert.Equal("event: " + data.GetProperty("type").GetString(), lines[0]);
        return data;
    }

    /// <summary>A client with the checks of the strictest official one.</summary>
    private sealed class StrictClient
    {
        private readonly Dictionary<string, StringBuilder> _deltas = [];
        private readonly List<(string Id, string Type, bool Done, int Parts)> _added = [];

        public List<JsonElement> Items { get; } = [];

        public JsonElement Response { get; private set; }

        public static StrictClient Read(List<string> frames)
        {
            var client = new StrictClient();
            for (var i = 0; i < frames.Count; i++)
            {
                var data = Data(frames[i]);
                Assert.Equal(i, data.GetProperty("sequence_number").GetInt64());
                if (i < 2)
                {
                    Assert.Equal(i == 0 ? "response.created" : "response.in_progress", data.GetProperty("type").GetString());
                }

                Assert.Equal(
                    i == frames.Count - 1,
                    data.GetProperty("type").GetString() is "response.completed" or "response.incomplete" or "response.failed"
                );
                client.Take(data);
            }

            Assert.All(client._added, item => Assert.True(item.Done));
            return client;
        }

        public string TextOf(string type) =>
            string.Concat(
                Items
                    .Where(item => item.GetProperty("type").GetString() == type)
                    .Select(item => item.GetProperty("content")[0].GetProperty("text").GetString())
            );

        private void Take(JsonElement data)
        {
            var type = data.GetProperty("type").GetString()!;
            switch (type)
            {
                case "response.output_item.added":
                    var item = data.GetProperty("item");
                    Assert.Equal(_added.Count, data.GetProperty("output_index").GetInt32());
                    Assert.All(_added, one => Assert.True(one.Done));
                    Assert.DoesNotContain(item.GetProperty("id").GetString(), _added.Select(one => one.Id));
                    _added.Add((item.GetProperty("id").GetString()!, item.GetProperty("type").GetString()!, false, 0));
                    _deltas[_added[^1].Id] = new StringBuilder();
                    break;
                case "response.output_item.done":
                    Assert.Equal(_added[^1].Id, data.GetProperty("item").GetProperty("id").GetString());
                    Assert.Equal(_added[^1].Type, data.GetProperty("item").GetProperty("type").GetString());
                    _added[^1] = _added[^1] with { Done = true };
                    Items.Add(data.GetProperty("item"));
                    break;
                case "response.content_part.added" or "response.content_part.done":
                    AssertPlace(data, data.GetProperty("part").GetProperty("type").GetString() == "output_text" ? "message" : "reasoning");
                    if (type.EndsWith("added", StringComparison.Ordinal))
                    {
                        _added[^1] = _added[^1] with { Parts = _added[^1].Parts + 1 };
                    }

                    Assert.Equal(1, _added[^1].Parts);
                    break;
                case "response.output_text.delta" or "response.reasoning_text.delta" or "response.function_call_arguments.delta":
                    AssertPlace(data, TypeOf(type));
                    Assert.NotEqual("", data.GetProperty("delta").GetString());
                    _deltas[_added[^1].Id].Append(data.GetProperty("delta").GetString());
                    break;
                case "response.output_text.done" or "response.reasoning_text.done" or "response.function_call_arguments.done":
                    AssertPlace(data, TypeOf(type));
                    Assert.Equal(
                        _deltas[_added[^1].Id].ToString(),
                        data.GetProperty(_added[^1].Type == "function_call" ? "arguments" : "text").GetString()
                    );
                    break;
                default:
                    Response = data.GetProperty("response");
                    break;
            }
        }

        private static string TypeOf(string type) =>
            type.Split('.')[1] switch
            {
                "output_text" => "message",
                "reasoning_text" => "reasoning",
                _ => "function_call",
            };

        private void AssertPlace(JsonElement data, string type)
        {
            Assert.Equal((_added[^1].Id, _added[^1].Type, false), (data.GetProperty("item_id").GetString(), type, _added[^1].Done));
            Assert.Equal(_added.Count - 1, data.GetProperty("output_index").GetInt32());
            if (type != "function_call")
            {
                Assert.Equal(0, data.GetProperty("content_index").GetInt32());
            }
        }
    }
}
