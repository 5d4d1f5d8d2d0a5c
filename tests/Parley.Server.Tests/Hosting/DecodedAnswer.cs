using System.Text;
using System.Text.Json;

namespace Parley.Server.Tests.Hosting;

/// <summary>What a client of a wire format has decoded of a response, whose bytes may end anywhere.</summary>
/// <param name="Text">The answer's text.</param>
/// <param name="Events">The JSON of all complete events or lines.</param>
internal sealed record DecodedAnswer(string Text, IReadOnlyList<JsonElement> Events)
{
    /// <summary>The format's marker of a complete answer was received. Raw text has none.</summary>
    public bool IsComplete { get; init; }

    /// <summary>The error message, where the format has one.</summary>
    public string? Error { get; init; }

    /// <summary>The answer was stopped, where the format says so.</summary>
    public bool IsAborted { get; init; }

    /// <summary>The id of the message that the client shows.</summary>
    public string? MessageId { get; init; }

    /// <summary>Where to continue, in a format with a cursor.</summary>
    public string? Cursor { get; init; }

    /// <summary>The deltas of the text.</summary>
    public IReadOnlyList<string> Pieces { get; init; } = [];

    /// <summary>Decodes what was received so far.</summary>
    public static async Task<DecodedAnswer> OfAsync(string format, byte[] bytes) =>
        format switch
        {
            "native" or "token" => await CursorEventsAsync(bytes),
            "content" => await ContentEventsAsync(bytes),
            "ui" => await UiMessageStreamAsync(bytes),
            "data" or "v4" or "v3" => DataStream(bytes, format),
            "chat" => await ChatCompletionChunksAsync(bytes),
            "responses" => await ResponseEventsAsync(bytes),
            "text" => new DecodedAnswer(WithoutTornEnd(bytes), []),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no reader of this format yet."),
        };

    private static async Task<DecodedAnswer> CursorEventsAsync(byte[] bytes)
    {
        var reading = new DecodedAnswer("", []);
        foreach (var item in await ItemsAsync(bytes))
        {
            var json = JsonElement.Parse(item.Data);
            reading = (reading with { Cursor = item.LastEventId, Events = [.. reading.Events, json] }).Then(
                json.GetProperty("type").GetString() switch
                {
                    "start" => read => read with { MessageId = json.GetProperty("messageId").GetString() },
                    "token" => read => read.Append(json.GetProperty("content").GetString()!),
                    "done" => read => read with { IsComplete = true },
                    "error" => read => read with { Error = json.GetProperty("message").GetString() },
                    _ => read => read,
                }
            );
        }

        return reading;
    }

    /// <summary>One kind of client shows <c>content</c>, another appends <c>delta</c>. Both must show the same.</summary>
    private static async Task<DecodedAnswer> ContentEventsAsync(byte[] bytes)
    {
        var reading = new DecodedAnswer("", []);
        foreach (var item in await ItemsAsync(bytes))
        {
            var json = JsonElement.Parse(item.Data);
            reading = (reading with { Events = [.. reading.Events, json] }).Append(json.GetProperty("delta").GetString()!);
            Assert.Equal(json.GetProperty("content").GetString(), reading.Text);
            if (json.TryGetProperty("done", out var done) && done.GetBoolean())
            {
                reading = reading with { IsComplete = true };
            }

            if (json.TryGetProperty("error", out var error))
            {
                reading = reading with { Error = error.GetProperty("message").GetString() };
            }
        }

        return reading;
    }

    private static async Task<DecodedAnswer> UiMessageStreamAsync(byte[] bytes)
    {
        var reading = new DecodedAnswer("", []);
        HashSet<string> open = [];
        foreach (var item in await ItemsAsync(bytes))
        {
            Assert.False(reading.IsComplete, "Something came after [DONE].");
            if (item.Data == "[DONE]")
            {
                reading = reading with { IsComplete = true };
                continue;
            }

            var json = JsonElement.Parse(item.Data);
            reading = reading with { Events = [.. reading.Events, json] };
            switch (json.GetProperty("type").GetString())
            {
                case "start":
                    reading = reading with { MessageId = json.GetProperty("messageId").GetString() };
                    break;
                case "text-start" or "reasoning-start":
                    Assert.True(open.Add(json.GetProperty("id").GetString()!));
                    break;
                case "text-end" or "reasoning-end":
                    Assert.True(open.Remove(json.GetProperty("id").GetString()!));
                    break;
                case "text-delta":
                    Assert.Contains(json.GetProperty("id").GetString()!, open);
                    reading = reading.Append(json.GetProperty("delta").GetString()!);
                    break;
                case "abort":
                    reading = reading with { IsAborted = true };
                    break;
                case "error":
                    reading = reading with { Error = json.GetProperty("errorText").GetString() };
                    break;
            }
        }

        return reading;
    }

    /// <summary>Lines of a code, a colon and JSON. A client of AI SDK 3 fails at codes that later versions added.</summary>
    private static DecodedAnswer DataStream(byte[] bytes, string format)
    {
        var reading = new DecodedAnswer("", []);
        var end = bytes.AsSpan().LastIndexOf((byte)'\n');
        foreach (var line in Encoding.UTF8.GetString(bytes, 0, end + 1).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(
                line.Length > 2
                    && line[1] == ':'
                    && (format == "v3" ? "0238" + "9abcde" : "0238" + "9abcdefghijk").Contains(line[0], StringComparison.Ordinal),
                line
            );
            var json = JsonElement.Parse(line[2..]);
            reading = (reading with { Events = [.. reading.Events, json] }).Then(
                line[0] switch
                {
                    '0' => read => read.Append(json.GetString()!),
                    '3' => read => read with { Error = json.GetString() },
                    'd' => read => read with { IsComplete = true, IsAborted = json.GetProperty("finishReason").GetString() == "other" },
                    'f' => read => read with { MessageId = json.GetProperty("messageId").GetString() },
                    _ => read => read,
                }
            );
        }

        return reading;
    }

    private static async Task<DecodedAnswer> ChatCompletionChunksAsync(byte[] bytes)
    {
        var reading = new DecodedAnswer("", []);
        foreach (var item in await ItemsAsync(bytes))
        {
            Assert.False(reading.IsComplete, "Something came after [DONE].");
            if (item.Data == "[DONE]")
            {
                reading = reading with { IsComplete = true };
                continue;
            }

            var json = JsonElement.Parse(item.Data);
            reading = reading with { Events = [.. reading.Events, json] };
            if (json.TryGetProperty("error", out var error))
            {
                reading = reading with { Error = error.GetProperty("message").GetString() };
            }
            else if (
                json.GetProperty("choices") is var choices
                && choices.GetArrayLength() > 0
                && choices[0].GetProperty("delta").TryGetProperty("content", out var content)
            )
            {
                reading = reading.Append(content.GetString() ?? "");
            }
        }

        return reading;
    }

    /// <summary>The events' numbers are consecutive, and are the cursor.</summary>
    private static async Task<DecodedAnswer> ResponseEventsAsync(byte[] bytes)
    {
        var reading = new DecodedAnswer("", []);
        foreach (var item in await ItemsAsync(bytes, named: true))
        {
            var json = JsonElement.Parse(item.Data);
            Assert.Equal(item.Type, json.GetProperty("type").GetString());
            var number = json.GetProperty("sequence_number").GetInt64();
            if (reading.Cursor is { } before)
            {
                Assert.Equal(long.Parse(before, null) + 1, number);
            }

            reading = (reading with { Cursor = number.ToString(null, null), Events = [.. reading.Events, json] }).Then(
                item.Type switch
                {
                    "response.created" => read => read with { MessageId = json.GetProperty("response").GetProperty("id").GetString() },
                    "response.output_text.delta" => read => read.Append(json.GetProperty("delta").GetString()!),
                    "response.completed" => read => read with { IsComplete = true },
                    "response.incomplete" => read => read with { IsComplete = true, IsAborted = true },
                    "response.failed" => read =>
                        read with
                        {
                            Error = json.GetProperty("response").GetProperty("error").GetProperty("message").GetString(),
                        },
                    _ => read => read,
                }
            );
        }

        return reading;
    }

    private static async Task<List<SseItem>> ItemsAsync(byte[] bytes, bool named = false)
    {
        List<SseItem> items = [];
        var reader = new SseReader(new MemoryStream(bytes));
        while (await reader.NextAsync(CancellationToken.None) is { } item)
        {
            if (item.Comment is not null)
            {
                continue;
            }

            if (!named)
            {
                Assert.Equal("message", item.Type); // the handler onmessage gets no other type
            }

            items.Add(item);
        }

        return items;
    }

    private static string WithoutTornEnd(byte[] bytes)
    {
        var characters = new char[bytes.Length];
        var count = Encoding.UTF8.GetDecoder().GetChars(bytes, characters, flush: false);
        return new string(characters, 0, count);
    }

    private DecodedAnswer Append(string piece) => piece.Length == 0 ? this : this with { Text = Text + piece, Pieces = [.. Pieces, piece] };

    private DecodedAnswer Then(Func<DecodedAnswer, DecodedAnswer> next) => next(this);
}
