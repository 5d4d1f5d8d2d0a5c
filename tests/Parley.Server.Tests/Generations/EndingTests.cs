using System.Text.Json;
using Parley.Server.Tests.Hosting;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Tests.Generations;

/// <summary>
/// However an answer ends, no client mistakes an incomplete answer for a complete one: in each wire format, over real connections.
/// </summary>
public sealed class EndingTests(ParleyServer server)
{
    /// <summary>Formats whose clients take any body that ends regularly for a complete answer.</summary>
    private static readonly string[] CutAfterFailure = ["text", "chat"];

    public static TheoryData<string> Formats => [.. WireFormatCatalog.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Completed_EndsInOrderWithTheFormatsMark(string format)
    {
        using var ana = server.NewUser();
        var expected = (await ana.AnsweredAsync("#script tokens=20 reasoning=2 tool=1 delay=0")).Text;
        await ana.IdAsync();
        using var raw = await RawConnection.OpenAsync(server);
        await raw.RequestAsync(ana, server, "POST", $"/api/chat?format={format}", Body("#script tokens=20 reasoning=2 tool=1 delay=1"));
        var answer = await raw.AnswerAsync();
        var reading = await DecodedAnswer.OfAsync(format, answer.Body);
        Assert.Equal((200, true, expected, null), (answer.Status, answer.IsWhole, reading.Text, reading.Error));
        Assert.True(reading.IsComplete || format == "text");
        Assert.False(reading.IsAborted);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Failed_SaysSo(string format)
    {
        // An error after the first byte is an event; a format without error events cuts the connection.
        using var ana = server.NewUser();
        await ana.IdAsync();
        using var raw = await RawConnection.OpenAsync(server);
        await raw.RequestAsync(ana, server, "POST", $"/api/chat?format={format}", Body("#script tokens=20 error-after=4 delay=1"));
        var answer = await raw.AnswerAsync();
        var reading = await DecodedAnswer.OfAsync(format, answer.Body);
        Assert.Equal(200, answer.Status);
        Assert.Equal(!CutAfterFailure.Contains(format), answer.IsWhole);
        Assert.Equal(format != "text", reading.Error is { Length: > 0 });
        Assert.Equal("№1 emoji🙂 crème Zürich ", reading.Text); // what was sent before has arrived

        // The same with a client of .NET, and at a replay.
        await using var again = await ana.OpenAsync(
            format,
            "GET",
            $"/api/v1/generations/{answer.Headers["X-Generation-Id"]}/events?format={format}"
        );
        Assert.Equal(CutAfterFailure.Contains(format), await again.IsCutAsync());
        Assert.Equal(reading.Text, (await again.NowAsync()).Text);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Stopped_EndsInOrder(string format)
    {
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync(format, "POST", $"/api/chat?format={format}", Body("#script tokens=100000 delay=5"));
        var seen = await stream.UntilTextAsync();
        await ana.JsonAsync("POST", $"/api/v1/generations/{stream.GenerationId}/stop");
        var ended = await stream.ToEndAsync();
        Assert.True(ended.IsComplete || format == "text");
        Assert.Null(ended.Error);
        Assert.StartsWith(seen.Text, ended.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleted_IsCutInEveryFormat()
    {
        // After a deletion there is nothing to resume, and no regular end.
        using var ana = server.NewUser();
        await using var source = await ana.AskAsync("#script tokens=100000 delay=5");
        var streams = await OpenEachAsync(ana, format =>
            ("GET", $"/api/v1/generations/{source.GenerationId}/events?format={format}", null)
        );
        using var deleted = await ana.SendAsync("DELETE", $"/api/v1/conversations/{source.ConversationId}");
        Assert.Equal(204, (int)deleted.StatusCode);
        foreach (var (format, stream) in streams)
        {
            await AssertCutAsync(format, stream);
        }
    }

    [Fact]
    public async Task ServerLeaves_EveryFormatIsCutAndTheAnswerGoesOnAfterwards()
    {
        // No mark of an end, because the answer has not ended; a client that reconnects gets the rest.
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        await ana.IdAsync();
        const string script = "#script tokens=400 delay=5";
        var streams = await OpenEachAsync(ana, format => ("POST", $"/api/chat?format={format}", Body(script)));
        var generations = streams.ToDictionary(pair => pair.Key, pair => pair.Value.GenerationId);
        var cuts = streams.Select(pair => AssertCutAsync(pair.Key, pair.Value)).ToList();
        await own.StopAsync();
        var shown = (await Task.WhenAll(cuts)).ToDictionary(reading => reading.Format, reading => reading.Text);

        await own.InitializeAsync();
        var whole = (await ana.AnsweredAsync("#script tokens=400 delay=0")).Text;
        await Task.WhenAll(
            generations.Select(async pair =>
            {
                var replay = await ana.ReadAsync(pair.Key, "GET", $"/api/v1/generations/{pair.Value}/events?format={pair.Key}");
                Assert.Equal((whole, null), (replay.Text, replay.Error));
                Assert.StartsWith(shown[pair.Key], whole, StringComparison.Ordinal);
            })
        );
    }

    [Fact]
    public async Task ServerLeaves_ASessionsStreamIsCutAndGoesOnFromItsCursor()
    {
        // An EventSource reconnects by itself, with the last id that it received.
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        const string script = "#script tokens=300 delay=5";
        var session = (await ana.JsonAsync("POST", "/chat/start", new { modelId = "scripted", prompt = script }, 201))
            .GetProperty("sessionId")
            .GetString();
        await using var stream = await ana.StreamAsync("GET", $"/chat/stream?sessionId={session}");
        await stream.UntilAsync("token", 5);
        var cut = stream.IsCutAsync();
        await own.RestartAsync();
        Assert.True(await cut);
        await using var rest = await ana.StreamAsync(
            "GET",
            $"/chat/stream?sessionId={session}",
            null,
            ("Last-Event-ID", stream.Events[^1].Id)
        );
        await rest.ToEndAsync();
        Assert.Equal((await ana.AnsweredAsync("#script tokens=300 delay=0")).Text, stream.Text + rest.Text);
        Assert.Equal("done", rest.Events[^1].Type);
    }

    /// <summary>Opens a stream in each format, and waits until each has text.</summary>
    private static async Task<Dictionary<string, AnswerStream>> OpenEachAsync(
        TestUser user,
        Func<string, (string Method, string Path, string? Body)> request
    )
    {
        Dictionary<string, AnswerStream> streams = [];
        foreach (var format in WireFormatCatalog.All.Select(format => format.Name))
        {
            var (method, path, body) = request(format);
            streams.Add(format, await user.OpenAsync(format, method, path, body));
        }

        foreach (var stream in streams.Values)
        {
            await stream.UntilTextAsync();
        }

        return streams;
    }

    private static async Task<(string Format, string Text)> AssertCutAsync(string format, AnswerStream stream)
    {
        Assert.True(await stream.IsCutAsync(), $"{format} ended in order.");
        var reading = await stream.NowAsync();
        Assert.Equal((false, false, null), (reading.IsComplete, reading.IsAborted, reading.Error));
        await stream.DisposeAsync();
        return (format, reading.Text);
    }

    private static string Body(string message) => JsonSerializer.Serialize(new { message, model = "scripted" });
}
