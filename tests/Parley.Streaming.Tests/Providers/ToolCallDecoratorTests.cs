using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Parley.Streaming.Generations;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Tests.Generations;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Providers;

/// <summary>The decorators of Microsoft.Extensions.AI see the streamed tool calls of a provider.</summary>
public sealed class ToolCallDecoratorTests
{
    private const string Valid = """{\"city\":\"Bern\"}""";

    [Fact]
    public async Task FunctionInvocation_OneCall_RunsTheToolOnceAndContinues()
    {
        await using var upstream = Upstream(Valid);
        using var client = Client(upstream);
        List<string> cities = [];
        using var invoking = new FunctionInvokingChatClient(client);

        var answer = await Answer.OfAsync(invoking, [new(ChatRole.User, "hi")], Weather(cities));

        Assert.Null(answer.Error);
        Assert.Equal(["Bern"], cities);
        Assert.Equal("Let me see. It is sunny.", answer.Text);
        Assert.Equal("""weather#c1( {"city": "Bern"} ) =sunny""", answer.Calls);
        Assert.Equal(
            """
            [{"role":"user","content":"hi"},
            {"role":"assistant","content":"Let me see. ","tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Bern\"}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"\"sunny\""}]
            """.ReplaceLineEndings(""),
            Messages(upstream.Requests.ElementAt(1))
        );
        Assert.Equal(2, upstream.Requests.Count);
    }

    [Fact]
    public async Task FunctionInvocation_ParallelCalls_RunsEachOnce()
    {
        const string two = """
            {"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"city\":\"Bern\"}"}},
            {"index":1,"id":"c2","function":{"name":"weather","arguments":"{\"city\":\"Basel\"}"}}
            """;
        await using var upstream = new RawUpstream(connection =>
            connection.SendAsync(HasResult(connection) ? Text("It is sunny.") : Calls(two.ReplaceLineEndings("")))
        );
        using var client = Client(upstream);
        List<string> cities = [];
        using var invoking = new FunctionInvokingChatClient(client);

        var response = await invoking.GetResponseAsync("hi", Weather(cities), TestContext.Current.CancellationToken);

        Assert.Equal(["Bern", "Basel"], cities);
        Assert.Equal("It is sunny.", response.Messages[^1].Text);
        Assert.Equal(2, upstream.Requests.Count);
    }

    [Theory]
    [InlineData("""{\"city\":\"Be""", """{"city":"Be""")]
    [InlineData("oops", "oops")]
    [InlineData("[1]", "[1]")]
    public async Task FunctionInvocation_ArgumentsThatAreNoJsonObject_AreKeptAndNotRun(string sent, string text)
    {
        await using var upstream = Upstream(sent);
        using var client = Client(upstream);
        List<string> cities = [];
        using var invoking = new FunctionInvokingChatClient(client);

        var answer = await Answer.OfAsync(invoking, [new(ChatRole.User, "hi")], Weather(cities));

        Assert.Null(answer.Error);
        Assert.Empty(cities);
        Assert.Equal("Let me see. It is sunny.", answer.Text);
        Assert.Equal(text, string.Concat(answer.Contents.OfType<ToolCallArgumentsDelta>().Select(piece => piece.Delta)));
        var call = Assert.Single(answer.Contents.OfType<FunctionCallContent>());
        Assert.IsType<JsonException>(call.Exception, exactMatch: false);
        Assert.Equal(text, call.Arguments![ToolCallContents.InvalidArguments]);
        using var second = JsonDocument.Parse(Messages(upstream.Requests.ElementAt(1)));
        var arguments = second.RootElement[1].GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString()!;
        Assert.Equal(text, JsonElement.Parse(arguments).GetProperty(ToolCallContents.InvalidArguments).GetString());
    }

    [Fact]
    public async Task FunctionInvocation_InsideTheEngine_LogsTheCallItsResultAndTheText()
    {
        await using var upstream = Upstream(Valid);
        using var client = Client(upstream);
        using var invoking = new FunctionInvokingChatClient(client) { AdditionalTools = Weather([]).Tools };
        await using var engine = await TestEngine.StartAsync();

        var log = await engine.ReadToEndAsync(engine.Start(invoking));

        LogCuts.AssertSame(
            new LogBuilder()
                .Part(PartKind.Text, "Let me see. ")
                .Tool("c1", "weather", """{"city":"Bern"}""")
                .Add(new ToolReturned("c1", "\"sunny\"", null))
                .Part(PartKind.Text, "It is sunny.")
                .Completed()
                .Log,
            log
        );
    }

    [Fact]
    public async Task Engine_WholeCallBesideTheFragments_ChangesNoByteOfTheLog()
    {
        await using var engine = await TestEngine.StartAsync();
        AIContent[] fragments = [new ToolCallStarted("c1", "weather"), new ToolCallArgumentsDelta("c1", "{}"), new ToolCallEnded("c1")];
        var whole = new FunctionCallContent("c1", "weather");

        var without = await engine.ReadToEndAsync(engine.Start(new PushedModel().Push(fragments).Text("a").Complete()));
        var with = await engine.ReadToEndAsync(engine.Start(new PushedModel().Push([.. fragments, whole]).Text("a").Complete()));

        LogCuts.AssertSame(without, with);
    }

    [Fact]
    public async Task Cache_SameQuestion_IsAnsweredWithoutTheProvider()
    {
        await using var upstream = Upstream(Valid);
        using var client = Client(upstream);
        using var cached = new DistributedCachingChatClient(client, new MemoryCache());
        var json = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions);
        json.AddStreamedToolCalls();
        cached.JsonSerializerOptions = json;

        var first = await Answer.OfAsync(cached, "hi");
        var second = await Answer.OfAsync(cached, "hi");

        Assert.Null(first.Error);
        Assert.Equal("""weather#c1( {"city": "Bern"} )""", first.Calls);
        Assert.Equal(first.Text, second.Text);
        Assert.Equal("weather", Assert.Single(second.Contents.OfType<FunctionCallContent>()).Name);
        Assert.Equal("""{"city":"Bern"}""", string.Concat(second.Contents.OfType<ToolCallArgumentsDelta>().Select(piece => piece.Delta)));
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task OpenTelemetry_ToolCall_IsOnTheSpanOnce()
    {
        const string source = nameof(OpenTelemetry_ToolCall_IsOnTheSpanOnce);
        ConcurrentQueue<Activity> spans = new();
        using var listener = new ActivityListener
        {
            ShouldListenTo = activity => activity.Name == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var upstream = Upstream(Valid);
        using var client = Client(upstream);
        using var traced = new OpenTelemetryChatClient(client, logger: null, source) { EnableSensitiveData = true };

        var answer = await Answer.OfAsync(traced, "hi");

        Assert.Null(answer.Error);
        var output = JsonElement.Parse((string)Assert.Single(spans).GetTagItem("gen_ai.output.messages")!);
        var parts = output[0].GetProperty("parts").EnumerateArray().Where(part => part.GetProperty("type").GetString() == "tool_call");
        Assert.Equal("c1", Assert.Single(parts).GetProperty("id").GetString());
    }

    private static bool HasResult(RawConnection connection) => connection.Request.Contains("\"role\":\"tool\"", StringComparison.Ordinal);

    /// <summary>Calls the tool with these arguments; answers once it has the result.</summary>
    private static RawUpstream Upstream(string escapedArguments)
    {
        // Two fragments, cut in the middle, but not inside an escape.
        var middle = escapedArguments.IndexOf(':', StringComparison.Ordinal) + 1;
        return new RawUpstream(connection =>
            connection.SendAsync(
                HasResult(connection)
                    ? Text("It is sunny.")
                    : Calls(
                        $$$"""{"index":0,"id":"c1","function":{"name":"weather","arguments":"{{{escapedArguments[..middle]}}}"}}""",
                        $$$"""{"index":0,"function":{"arguments":"{{{escapedArguments[middle..]}}}"}}"""
                    )
            )
        );
    }

    private static string Text(string text) =>
        RawUpstream.EventStream + $$$"""data: {"choices":[{"delta":{"content":"{{{text}}}"},"finish_reason":"stop"}]}""" + "\n\n";

    private static string Calls(params string[] deltas) =>
        RawUpstream.EventStream
        + "data: {\"choices\":[{\"delta\":{\"content\":\"Let me see. \"}}]}\n\n"
        + string.Concat(deltas.Select(delta => $"data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{delta}]}}}}]}}\n\n"))
        + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";

    private static OpenAIChatClient Client(RawUpstream upstream)
    {
        var endpoint = Answer.Endpoint(upstream.BaseUrl);
        return new OpenAIChatClient(endpoint.CreateHttpClient(), endpoint, "m");
    }

    private static ChatOptions Weather(List<string> cities)
    {
        var tool = AIFunctionFactory.Create(
            (string city) =>
            {
                cities.Add(city);
                return "sunny";
            },
            "weather"
        );
        return new ChatOptions { Tools = [tool] };
    }

    private static string Messages(string request) =>
        JsonElement.Parse(request.Split("\r\n\r\n", 2)[1]).GetProperty("messages").GetRawText();

    private sealed class MemoryCache : IDistributedCache
    {
        private readonly ConcurrentDictionary<string, byte[]> _values = new();

        public byte[]? Get(string key) => _values.GetValueOrDefault(key);

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => Task.FromResult(Get(key));

        public void Refresh(string key) { }

        public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

        public void Remove(string key) => _values.TryRemove(key, out _);

        public Task RemoveAsync(string key, CancellationToken token = default)
        {
            Remove(key);
            return Task.CompletedTask;
        }

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => _values[key] = value;

        public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            Set(key, value, options);
            return Task.CompletedTask;
        }
    }
}
