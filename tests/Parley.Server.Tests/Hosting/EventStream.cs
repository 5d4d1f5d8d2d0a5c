using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Parley.Server.Tests.Hosting;

/// <summary>One event of Parley's own format.</summary>
internal sealed record Event(string Type, JsonElement Json, string Id)
{
    public long Position => long.Parse(Id, NumberStyles.None, CultureInfo.InvariantCulture);

    public string Content => Json.GetProperty("content").GetString()!;

    public string? this[string member] => Json.TryGetProperty(member, out var value) ? value.ToString() : null;
}

/// <summary>An event stream that is being read.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestUser.Timeout);
    private readonly SseReader _reader;

    public EventStream(HttpResponseMessage response, Stream body)
    {
        Response = response;
        _reader = new SseReader(body);
    }

    public HttpResponseMessage Response { get; }

    /// <summary>The raw events, for a stream in another format.</summary>
    public SseReader Items => _reader;

    public string ConversationId => Response.Headers.GetValues("X-Conversation-Id").Single();

    public string GenerationId => Response.Headers.GetValues("X-Generation-Id").Single();

    /// <summary>All events so far.</summary>
    public List<Event> Events { get; } = [];

    /// <summary>All comments so far.</summary>
    public List<string> Comments { get; } = [];

    public string Raw => Encoding.UTF8.GetString(_reader.Bytes);

    public int? Retry => _reader.Retry;

    /// <summary>The text of all <c>token</c> events so far.</summary>
    public string Text => TextOf(Events);

    public static string TextOf(IEnumerable<Event> events) =>
        string.Concat(events.Where(next => next.Type == "token").Select(next => next.Content));

    /// <summary>The next event; null at the end.</summary>
    public async Task<Event?> NextAsync()
    {
        while (await _reader.NextAsync(_timeout.Token) is { } item)
        {
            if (item.Comment is not null)
            {
                Comments.Add(item.Comment);
                continue;
            }

            Assert.Equal("message", item.Type); // the handler onmessage gets no other type
            var json = JsonElement.Parse(item.Data);
            Events.Add(new Event(json.GetProperty("type").GetString()!, json, item.LastEventId));
            return Events[^1];
        }

        return null;
    }

    /// <summary>Reads until there have been <paramref name="count"/> events of this type.</summary>
    public async Task<Event> UntilAsync(string type, int count = 1)
    {
        while (await NextAsync() is { } next)
        {
            if (next.Type == type && Events.Count(seen => seen.Type == type) >= count)
            {
                return next;
            }
        }

        throw new InvalidOperationException($"The stream ended without {type}: {Raw[..Math.Min(Raw.Length, 2000)]}");
    }

    /// <summary>Reads until there have been <paramref name="count"/> comments.</summary>
    public async Task UntilCommentAsync(int count)
    {
        while (Comments.Count < count)
        {
            if (await _reader.NextAsync(_timeout.Token) is { Comment: { } comment })
            {
                Comments.Add(comment);
            }
        }
    }

    /// <summary>Reads to the end.</summary>
    public async Task<EventStream> ToEndAsync()
    {
        while (await NextAsync() is not null) { }

        return this;
    }

    /// <summary>Reads to the end. True when the connection was cut, false when the stream ended regularly.</summary>
    public async Task<bool> IsCutAsync()
    {
        try
        {
            await ToEndAsync();
            return false;
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            return true;
        }
    }

    public ValueTask DisposeAsync()
    {
        Response.Dispose();
        _timeout.Dispose();
        return ValueTask.CompletedTask;
    }
}
