using System.Text.Json;
using Parley.Server.Tests.Hosting;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Tests.Features.Chat;

/// <summary>
/// The body alone decides which dialect a request to a chat route has: the rules in their order, each with bodies that real clients send.
/// </summary>
public sealed class BodyDispatchTests(ParleyServer server)
{
    private const string Script = "#script tokens=2 delay=0";
    private const string Parts = $$"""{"id":"u1","role":"user","parts":[{"type":"text","text":"{{Script}}"}]}""";
    private const string Content = $$"""{"role":"user","content":"{{Script}}"}""";
    private const string Both = $$"""{"role":"user","content":"{{Script}}","parts":[{"type":"text","text":"{{Script}}"}]}""";

    public static TheoryData<string, string, string> Bodies =>
        new()
        {
            { "2: trigger", $$"""{"id":"@","messages":[{{Parts}}],"trigger":"submit-message"}""", "ui" },
            { "2: trigger, regenerating", $$"""{"id":"@","messages":[{{Parts}}],"trigger":"regenerate-message"}""", "ui" },
            {
                "2 before 7 and 8: trigger, with content, id and temperature",
                $$"""{"id":"@","messages":[{{Both}}],"trigger":"submit-message","temperature":1,"stream":false}""",
                "ui"
            },
            { "2: trigger, with one message", $$"""{"id":"@","message":{{Parts}},"trigger":"submit-message"}""", "ui" },
            { "3: one message with parts", $$"""{"id":"@","message":{{Parts}}}""", "ui" },
            { "3: one message with parts, and nothing else", $$"""{"message":{{Parts}}}""", "ui" },
            { "3: one message with parts and content, as AI SDK 4 has them", $$"""{"id":"@","message":{{Both}}}""", "v4" },
            { "4: one message as text", $$"""{"message":"{{Script}}"}""", "native" },
            { "4: one message as text, for any model", $$"""{"message":"{{Script}}","model":"auto"}""", "native" },
            { "4: one message as text, not streamed", $$"""{"message":"{{Script}}","stream":false}""", "json" },
            { "6: parts without content", $$"""{"messages":[{{Parts}}]}""", "ui" },
            { "6 before 7: parts without content, with an id", $$"""{"id":"@","messages":[{{Parts}}]}""", "ui" },
            { "6 before 8: parts without content, with a temperature", $$"""{"messages":[{{Parts}}],"temperature":1}""", "ui" },
            { "6: the last message counts", $$"""{"messages":[{{Content}},{"role":"assistant","content":"x"},{{Parts}}]}""", "ui" },
            { "7: id", $$"""{"id":"@","messages":[{{Content}}]}""", "v4" },
            { "7: id, with parts beside content", $$"""{"id":"@","messages":[{{Both}}]}""", "v4" },
            { "7 before 8: id and temperature", $$"""{"id":"@","messages":[{{Content}}],"temperature":0.7,"stream":true}""", "v4" },
            { "8: stream", $$"""{"messages":[{{Content}}],"stream":true}""", "content" },
            { "8: not streamed", $$"""{"messages":[{{Content}}],"stream":false}""", "json" },
            { "8: temperature", $$"""{"messages":[{{Content}}],"temperature":0.7}""", "content" },
            { "9: messages alone", $$"""{"messages":[{{Content}}]}""", "content" },
            { "9: messages alone, with parts beside content", $$"""{"messages":[{{Both}}]}""", "content" },
            { "9: messages and unknown members", $$"""{"messages":[{{Content}}],"data":{"a":[1]},"foo":null}""", "content" },
        };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Post_Body_IsAnsweredInItsClientsFormat(string rule, string body, string format)
    {
        Assert.NotEmpty(rule);
        using var ana = server.NewUser();
        using var response = await ana.SendAsync("POST", "/api/chat", Named(body));
        Assert.Equal(format, await FormatOfAsync(response));
    }

    [Theory]
    [InlineData("text/event-stream", "node")]
    [InlineData("application/json", "ai-sdk/4.0.0")]
    [InlineData("text/plain;q=0.1, */*", "OpenAI/JS 5.0.0")]
    [InlineData("image/png", "Mozilla/5.0")]
    public async Task Post_AcceptAndUserAgent_AreNotLookedAt(string accept, string agent)
    {
        // Every client sends Accept: */*, and only some releases name the SDK in the user agent.
        using var ana = server.NewUser();
        foreach (var (_, body, format) in Bodies.Select(row => row.Data))
        {
            using var response = await ana.SendAsync("POST", "/api/chat", Named(body), ("Accept", accept), ("User-Agent", agent));
            Assert.Equal(format, await FormatOfAsync(response));
        }
    }

    public static TheoryData<string> Formats => [.. WireFormatCatalog.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Post_NamedFormat_WinsOverTheBodyAndTheRoute(string format)
    {
        // Rule 1: AI SDK 3 and the text transport send the same body as other clients.
        using var ana = server.NewUser();
        foreach (var path in new[] { "/api/chat", "/api/chat/text", "/api/v1/chat" })
        {
            foreach (var (_, body, usual) in Bodies.Select(row => row.Data).Where(row => row.Item3 != "json"))
            {
                if (path == "/api/v1/chat" && usual == "content" && body.Contains("\"stream\"", StringComparison.Ordinal))
                {
                    continue; // the same there as without it
                }

                using var response = await ana.SendAsync("POST", $"{path}?format={format.ToUpperInvariant()}", Named(body));
                Assert.Equal(format is "data" ? "v4" : format, await FormatOfAsync(response));
            }
        }
    }

    [Fact]
    public async Task PostText_AnyBody_IsAnsweredAsText()
    {
        using var ana = server.NewUser();
        foreach (var (_, body, format) in Bodies.Select(row => row.Data))
        {
            using var response = await ana.SendAsync("POST", "/api/chat/text", Named(body));
            Assert.Equal(format == "json" ? "json" : "text", await FormatOfAsync(response));
        }
    }

    [Theory]
    [InlineData("", "v3")]
    [InlineData(",\"data\":{}", "v3")]
    [InlineData(",\"stream\":true", "content")]
    [InlineData(",\"temperature\":1", "content")]
    [InlineData(",\"conversationId\":null", "v3")]
    public async Task Post_MessagesAlone_AreOfTheClientThatTheOperatorNames(string more, string format)
    {
        // Rule 9: AI SDK 3 and clients of plain messages can send the same body.
        await using var own = await ParleyServer.StartAsync(("Chat:PlainMessages", "AiSdk3"));
        using var ana = own.NewUser();
        using var response = await ana.SendAsync("POST", "/api/chat", Named($$"""{"messages":[{{Content}}]{{more}}}"""));
        Assert.Equal(format, await FormatOfAsync(response));
        using var named = await ana.SendAsync("POST", "/api/chat?format=content", Named($$"""{"messages":[{{Content}}]{{more}}}"""));
        Assert.Equal("content", await FormatOfAsync(named));
    }

    [Theory]
    [InlineData("""{"message":"#script tokens=2 delay=0"}""", "v4")]
    [InlineData("""{"message":"#script tokens=2 delay=0","conversationId":"@"}""", "v4")]
    [InlineData("""{"conversationId":"@","messages":[{"role":"user","content":"#script tokens=2 delay=0"}]}""", "v3")]
    [InlineData("""{"messages":[{"role":"user","content":"#script tokens=2 delay=0"}],"temperature":0.7,"stream":true}""", "v3")]
    [InlineData("""{"id":"@","messages":[{"role":"user","content":"#script tokens=2 delay=0"}]}""", "v4")]
    [InlineData(
        """{"id":"@","messages":[{"id":"u1","role":"user","parts":[{"type":"text","text":"#script tokens=2 delay=0"}]}],"trigger":"submit-message"}""",
        "ui"
    )]
    [InlineData(
        """{"conversationId":"@","message":{"id":"u1","role":"user","parts":[{"type":"text","text":"#script tokens=2 delay=0"}]}}""",
        "ui"
    )]
    public async Task PostV1_Body_IsAnsweredAsADataStreamUnlessItIsOfANewerClient(string body, string format)
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync("POST", "/api/v1/chat", Named(body));
        Assert.Equal(format, await FormatOfAsync(response));
    }

    [Theory]
    [InlineData("{}", "text_required", "message")]
    [InlineData("""{"message":null}""", "text_required", "message")]
    [InlineData("""{"messages":[]}""", "required", "messages")]
    [InlineData("""{"messages":{}}""", "wrong_type", "messages")]
    [InlineData("""{"messages":"x"}""", "wrong_type", "messages")]
    [InlineData("""{"trigger":"submit-message"}""", "required", "messages")]
    [InlineData("""{"trigger":"submit-message","message":"x"}""", "required", "messages")]
    [InlineData("""{"trigger":"submit-message","messages":[]}""", "required", "messages")]
    [InlineData("""{"message":"x","messages":[{"role":"user","content":"x"}]}""", "message_or_messages", "message")]
    [InlineData("""{"message":"x","messages":[]}""", "message_or_messages", "message")]
    [InlineData(
        """{"message":{"role":"user","content":"x","parts":[]},"messages":[{"role":"user","content":"x"}]}""",
        "message_or_messages",
        "message"
    )]
    [InlineData("""{"message":{"role":"user","content":"x"}}""", "wrong_type", "message")]
    [InlineData("""{"messages":[null]}""", "invalid_message", "messages")]
    [InlineData("""{"messages":["x"]}""", "invalid_message", "messages")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "invalid_message", "messages")]
    [InlineData("""{"messages":[{"role":"unknown","content":"x"}]}""", "invalid_message", "messages")]
    [InlineData("""{"messages":[{"role":5,"content":"x"}]}""", "invalid_message", "messages")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "text_required", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":" "}]}""", "text_required", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":5}]}""", "text_required", "messages")]
    [InlineData("""{"messages":[{"role":"user","parts":[]}]}""", "text_required", "messages")]
    [InlineData("""{"messages":[{"role":"assistant","content":"x"}]}""", "user_message_required", "messages")]
    [InlineData("""{"id":"new","messages":[{"role":"assistant","content":"x"}]}""", "user_message_required", "messages")]
    [InlineData("""{"id":"new","messages":[{"role":"system","content":"x"}]}""", "user_message_required", "messages")]
    public async Task Post_UnknownBody_IsRefusedByField(string body, string code, string field)
    {
        // Exactly one of the two is required.
        using var ana = server.NewUser();
        Assert.True(Problem.Names(await ana.RefusedAsync(400, code, "POST", "/api/chat", body), field));
        Assert.Equal(0, (await ana.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("?format=sse", "unknown_format")]
    [InlineData("?format=", "unknown_format")]
    [InlineData("?format=ui&format=text", "duplicate_parameter")]
    public async Task Post_FormatThatThereIsNot_IsRefused(string query, string code)
    {
        using var ana = server.NewUser();
        foreach (var path in new[] { "/api/chat", "/api/chat/text", "/api/v1/chat" })
        {
            Assert.True(
                Problem.Names(
                    await ana.RefusedAsync(
                        400,
                        code,
                        "POST",
                        path + query,
                        Named("""{"id":"@","messages":[{"role":"user","content":"x"}]}""")
                    ),
                    "format"
                )
            );
        }
    }

    [Fact]
    public async Task Post_TenThousandMessages_AreTakenAndOneMoreIsNot()
    {
        using var ana = server.NewUser();
        static object Messages(int count) =>
            new
            {
                messages = Enumerable
                    .Range(1, count)
                    .Select(i => new { role = i == count ? "user" : "assistant", content = i == count ? Script : "" }),
            };
        var reading = await ana.ReadAsync("content", "POST", "/api/chat", Messages(10_000));
        Assert.True(reading.IsComplete);
        await ana.RefusedAsync(400, "too_many_messages", "POST", "/api/chat", Messages(10_001));
    }

    /// <summary>The body with a new name for each <c>@</c>.</summary>
    private static string Named(string body) =>
        (body.Contains("\"model\"", StringComparison.Ordinal) ? body : $"{{\"model\":\"scripted\",{body[1..]}").Replace(
            "@",
            $"chat-{Guid.NewGuid():N}",
            StringComparison.Ordinal
        );

    /// <summary>How event streams begin that no header tells apart.</summary>
    private static readonly Dictionary<string, string> Beginnings = new()
    {
        ["native"] = "data: {\"type\":\"start\"",
        ["token"] = "data: {\"type\":\"typing\"",
        ["content"] = ": hb\n\ndata: {\"content\"",
        ["chat"] = "data: {\"id\":\"chatcmpl-",
        ["responses"] = "event: response.created",
    };

    /// <summary>
    /// The format that an answer is in, by its headers and its first bytes; it must be one that its own client takes for complete.
    /// </summary>
    private static async Task<string> FormatOfAsync(HttpResponseMessage response)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var text = System.Text.Encoding.UTF8.GetString(bytes);
        Assert.True(response.IsSuccessStatusCode, text);
        var format = response.Content.Headers.ContentType?.MediaType switch
        {
            "application/json" => "json",
            "text/plain" when !response.Headers.Contains("x-vercel-ai-data-stream") => "text",
            "text/plain" => text.StartsWith("f:", StringComparison.Ordinal) ? "v4" : "v3",
            "text/event-stream" when response.Headers.Contains("x-vercel-ai-ui-message-stream") => "ui",
            "text/event-stream" => Beginnings.FirstOrDefault(known => text.StartsWith(known.Value, StringComparison.Ordinal)).Key ?? text,
            var other => $"{other}",
        };
        if (format == "json")
        {
            Assert.StartsWith("№1 ", JsonElement.Parse(text).GetProperty("content").GetString(), StringComparison.Ordinal);
            return format;
        }

        var reading = await DecodedAnswer.OfAsync(format, bytes);
        Assert.True(format == "text" || reading.IsComplete, text);
        Assert.NotEmpty(reading.Text);
        return format;
    }
}
