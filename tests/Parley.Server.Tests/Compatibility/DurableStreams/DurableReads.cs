using System.Globalization;
using System.Net;
using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.DurableStreams;

/// <summary>What one request to a Durable Stream returned.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Body">Its body; empty where there is none.</param>
/// <param name="Headers">All its headers.</param>
internal sealed record DurableRead(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public string NextOffset => Headers["Stream-Next-Offset"];

    public bool IsUpToDate => Headers.GetValueOrDefault("Stream-Up-To-Date") == "true";

    public bool IsClosed => Headers.GetValueOrDefault("Stream-Closed") == "true";

    public string? Cursor => Headers.GetValueOrDefault("Stream-Cursor");

    public string? ETag => Headers.GetValueOrDefault("ETag");

    public string? CacheControl => Headers.GetValueOrDefault("Cache-Control");

    public string? ContentType => Headers.GetValueOrDefault("Content-Type");

    /// <summary>The messages of a JSON stream.</summary>
    public IReadOnlyList<JsonElement> Messages => [.. JsonElement.Parse(Body).EnumerateArray()];
}

/// <summary>A control event of a live stream, and what came before it.</summary>
/// <param name="Data">The data events since the last control event, joined.</param>
/// <param name="Control">The control event.</param>
internal sealed record LiveBatch(string Data, JsonElement Control)
{
    public string NextOffset => Control.GetProperty("streamNextOffset").GetString()!;

    public bool IsUpToDate => Control.TryGetProperty("upToDate", out var value) && value.GetBoolean();

    public bool IsClosed => Control.TryGetProperty("streamClosed", out var value) && value.GetBoolean();
}

/// <summary>A live stream that is being read.</summary>
internal sealed class LiveStream(HttpResponseMessage response, Stream body) : IAsyncDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestUser.Timeout);
    private readonly SseReader _reader = new(body);

    public HttpResponseMessage Response => response;

    public List<LiveBatch> Batches { get; } = [];

    public int Comments { get; private set; }

    /// <summary>All data so far. Of a text stream that is the text; of a JSON stream the arrays one after the other.</summary>
    public string Data => string.Concat(Batches.Select(batch => batch.Data));

    /// <summary>All messages so far of a JSON stream.</summary>
    public IReadOnlyList<JsonElement> Messages =>
        [.. Batches.Where(batch => batch.Data.Length > 0).SelectMany(batch => JsonElement.Parse(batch.Data).EnumerateArray())];

    /// <summary>The next data with its control event; null when the connection ends in order.</summary>
    public async Task<LiveBatch?> NextAsync()
    {
        string? data = null;
        while (await _reader.NextAsync(_timeout.Token) is { } item)
        {
            if (item.Comment is not null)
            {
                Comments++;
                continue;
            }

            if (item.Type == "data")
            {
                Assert.Null(data); // each data event is followed by a control event
                data = item.Data;
                continue;
            }

            Assert.Equal("control", item.Type);
            Batches.Add(new LiveBatch(data ?? "", JsonElement.Parse(item.Data)));
            return Batches[^1];
        }

        Assert.Null(data);
        return null;
    }

    public async Task<LiveBatch> UntilAsync(Func<LiveStream, bool> isEnough)
    {
        while (await NextAsync() is { } batch)
        {
            if (isEnough(this))
            {
                return batch;
            }
        }

        throw new InvalidOperationException($"The stream ended before: {Data}");
    }

    public async Task<LiveStream> ToEndAsync()
    {
        while (await NextAsync() is not null) { }

        return this;
    }

    public ValueTask DisposeAsync()
    {
        response.Dispose();
        _timeout.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Reads the two Durable Streams of a generation.</summary>
internal static class DurableReads
{
    /// <summary>An answer that stays open after five tokens, until it is stopped.</summary>
    public const string Stalling = "#script tokens=20 stall-after=5 delay=0";

    public static string PathOf(string generation, bool text = false) => $"/api/v1/generations/{generation}/stream{(text ? "/text" : "")}";

    public static string Offset(long position) => position.ToString("D16", CultureInfo.InvariantCulture);

    public static async Task<DurableRead> ReadStreamAsync(
        this TestUser user,
        string path,
        string method = "GET",
        params (string Name, string Value)[] headers
    )
    {
        using var response = await user.SendAsync(method, path, null, headers);
        return new DurableRead(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response
                .Headers.Concat(response.Content.Headers)
                .ToDictionary(pair => pair.Key, pair => string.Join(", ", pair.Value), StringComparer.OrdinalIgnoreCase)
        );
    }

    public static async Task<LiveStream> LiveAsync(this TestUser user, string generation, bool text, string offset = "-1")
    {
        var response = await user.SendAsync("GET", $"{PathOf(generation, text)}?offset={offset}&live=sse");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new LiveStream(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Starts an answer that stays open after five tokens, and waits until these are stored.</summary>
    public static async Task<(string Generation, string Text)> StallAsync(this TestUser user)
    {
        var text = (await user.AnsweredAsync("#script tokens=5 delay=0")).Text;
        await using var stream = await user.AskAsync(Stalling);
        while (stream.Text != text)
        {
            Assert.NotNull(await stream.NextAsync());
        }

        return (stream.GenerationId, text);
    }

    public static Task StopAsync(this TestUser user, string generation) =>
        user.JsonAsync("POST", $"/api/v1/generations/{generation}/stop", "{}");

    /// <summary>The text in the messages of a JSON stream.</summary>
    public static string TextOf(IEnumerable<JsonElement> messages) =>
        string.Concat(messages.Where(message => TypeOf(message) == "token").Select(message => message.GetProperty("content").GetString()));

    public static string TypeOf(JsonElement message) => message.GetProperty("type").GetString()!;

    public static long PositionOf(JsonElement message) => message.GetProperty("position").GetInt64();
}
