using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.AiSdk;

/// <summary><c>GET</c>, <c>DELETE</c> and archive under <c>/api/v1/chat</c>.</summary>
public sealed class ListChatsTests(ParleyServer server)
{
    [Fact]
    public async Task List_IsSortedByTheLastMessageAndSaysWhatItWas()
    {
        using var ana = server.NewUser();
        foreach (var name in new[] { "first", "second", "third" })
        {
            await new UiChat(ana, name).AnsweredAsync("#script tokens=2 delay=0");
            await AgeAsync(ana);
        }

        await ana.ReadAsync(
            "v4",
            "POST",
            "/api/v1/chat",
            new
            {
                conversationId = "first",
                message = "#script tokens=3 delay=0",
                model = "scripted",
            }
        );
        var chats = await ListAsync(ana);
        Assert.Equal(["first", "third", "second"], chats.Select(chat => Member(chat, "id")));
        Assert.Equal(
            ["id", "title", "model", "messageCount", "totalTokens", "lastMessageAt", "lastMessage", "archived", "createdAt", "updatedAt"],
            chats[0].EnumerateObject().Select(member => member.Name)
        );
        Assert.Equal(
            ("4", "False", "#script tokens=2 delay=0", "demo/scripted"),
            (Member(chats[0], "messageCount"), Member(chats[0], "archived"), Member(chats[0], "title"), Member(chats[0], "model"))
        );
        Assert.Equal((await ana.SaidAsync("first"))[^1].Content.Trim(), Member(chats[0], "lastMessage"));
        Assert.True(chats[0].GetProperty("totalTokens").GetInt32() > chats[1].GetProperty("totalTokens").GetInt32());

        var page = await ana.GetAsync("/api/v1/chat?limit=1&offset=1");
        Assert.Equal(
            ("3", "1", "1", "third"),
            (
                Member(page, "total"),
                Member(page, "limit"),
                Member(page, "offset"),
                Member(Assert.Single(page.GetProperty("conversations").EnumerateArray()), "id")
            )
        );
        using var anonymous = server.NewUser();
        Assert.Equal("""{"conversations":[],"total":0,"limit":50,"offset":0}""", (await anonymous.GetAsync("/api/v1/chat")).ToString());
    }

    [Theory]
    [InlineData("/api/v1/chat?limit=0", "out_of_range")]
    [InlineData("/api/v1/chat?limit=101", "out_of_range")]
    [InlineData("/api/v1/chat?offset=x", "out_of_range")]
    [InlineData("/api/v1/chat?archived=yes", "out_of_range")]
    [InlineData("/api/v1/chat?archived=", "out_of_range")]
    [InlineData("/api/v1/chat?archived=only&archived=include", "duplicate_parameter")]
    [InlineData("/api/v1/chat?sort=title", "unknown_parameter")]
    [InlineData("/api/v1/chat/listed?limit=201", "out_of_range")]
    [InlineData("/api/v1/chat/listed?order=up", "out_of_range")]
    [InlineData("/api/v1/chat/listed?before=x", "unknown_parameter")]
    public async Task List_BadPage_IsRefused(string path, string code)
    {
        using var ana = server.NewUser();
        await new UiChat(ana, "listed").AnsweredAsync("#script tokens=1 delay=0");
        await ana.RefusedAsync(400, code, "GET", path);
    }

    [Fact]
    public async Task Get_Messages_NewestFirstByPages()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        for (var turn = 1; turn <= 3; turn++)
        {
            await chat.AnsweredAsync($"#script tokens={turn} delay=0");
        }

        var whole = await ana.GetAsync($"/api/v1/chat/{chat.Id}");
        var messages = whole.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(
            Enumerable.Reverse(chat.Messages).Select(message => (message.Role, message.Text)),
            messages.Select(message => (Member(message, "role")!, Member(message, "content")!))
        );
        Assert.All(messages, message => Assert.Equal(chat.Id, Member(message, "conversationId")));
        var answer = messages[0];
        Assert.Equal(
            ("completed", "stop", "demo/scripted", "3"),
            (Member(answer, "status"), Member(answer, "finishReason"), Member(answer, "model"), Member(answer, "completionTokens"))
        );
        Assert.Equal(answer.GetProperty("promptTokens").GetInt32() + 3, answer.GetProperty("totalTokens").GetInt32());
        Assert.Equal(
            messages.Sum(message => message.TryGetProperty("totalTokens", out var tokens) ? tokens.GetInt64() : 0),
            whole.GetProperty("conversation").GetProperty("totalTokens").GetInt64()
        );

        async Task<IEnumerable<string?>> IdsAsync(string query) =>
            (await ana.GetAsync($"/api/v1/chat/{chat.Id}?{query}"))
                .GetProperty("messages")
                .EnumerateArray()
                .Select(message => Member(message, "id"));
        var ids = messages.Select(message => Member(message, "id")).ToList();
        Assert.Equal(ids[2..4], await IdsAsync("limit=2&offset=2"));
        Assert.Equal(ids, await IdsAsync("order=desc"));
        Assert.Equal(Enumerable.Reverse(ids), await IdsAsync("order=asc"));
        Assert.Equal([ids[4]], await IdsAsync("order=asc&offset=1&limit=1"));
        Assert.Empty(await IdsAsync("offset=6"));
        Assert.Equal("6", Member(whole, "total"));
    }

    [Theory]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/archive")]
    public async Task Archive_TakesAChatOutOfTheListsAndKeepsIt(string method, string path)
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await chat.AnsweredAsync("#script tokens=2 delay=0");
        await new UiChat(ana, "other").AnsweredAsync("#script tokens=1 delay=0");
        var archived = await ana.JsonAsync(method, $"/api/v1/chat/{chat.Id}{path}");
        Assert.Equal(("True", chat.Id), (Member(archived, "success"), Member(archived, "id")));
        Assert.Equal(archived.ToString(), (await ana.JsonAsync(method, $"/api/v1/chat/{chat.Id}{path}")).ToString());

        Assert.Equal(["other"], (await ListAsync(ana)).Select(other => Member(other, "id")));
        Assert.Equal(["other"], (await ListAsync(ana, "?archived=exclude")).Select(other => Member(other, "id")));
        var only = Assert.Single(await ListAsync(ana, "?archived=only"));
        Assert.Equal((chat.Id, "True"), (Member(only, "id"), Member(only, "archived")));
        Assert.Equal(2, (await ListAsync(ana, "?archived=include")).Count);
        foreach (var list in new[] { "/api/v1/conversations", "/api/chat/conversations" })
        {
            Assert.Equal(1, (await ana.GetAsync(list)).GetProperty("total").GetInt32());
        }

        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Archive_WhileAnAnswerIsWritten_LetsItGoOn()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var stream = await chat.SubmitAsync("#script tokens=100000 delay=5");
        var seen = await stream.UntilTextAsync();
        await ana.JsonAsync("DELETE", $"/api/v1/chat/{chat.Id}");
        await stream.UntilAsync(read => read.Text.Length > seen.Text.Length);
        var running = (await ana.GetAsync($"/api/v1/chat/{chat.Id}")).GetProperty("messages")[0];
        Assert.Equal("running", Member(running, "status"));
        Assert.StartsWith(seen.Text, Member(running, "content"), StringComparison.Ordinal);
        await ana.JsonAsync("POST", $"/api/v1/chat/{chat.Id}/stop");
        Assert.True((await stream.ToEndAsync()).IsAborted);
    }

    [Theory]
    [InlineData("Short", "Short")]
    [InlineData("  Several\n\twords   and\r\nlines  ", "Several words and lines")]
    public async Task Title_IsTheFirstMessageOnOneLine(string message, string title)
    {
        using var ana = server.NewUser();
        await ana.ReadAsync("v4", "POST", "/api/v1/chat", new { message, model = "scripted" });
        Assert.Equal(title, Member(Assert.Single(await ListAsync(ana)), "title"));
    }

    [Fact]
    public async Task Title_HasAtMostAHundredGraphemeClusters()
    {
        // Truncation never splits a grapheme cluster.
        using var ana = server.NewUser();
        foreach (var character in new[] { "x", "語", "👩‍💻", "e\u0301", "🇫🇷" })
        {
            await ana.ReadAsync(
                "v4",
                "POST",
                "/api/v1/chat",
                new { message = string.Concat(Enumerable.Repeat(character, 250)), model = "scripted" }
            );
            Assert.Contains(await ListAsync(ana), chat => Member(chat, "title") == string.Concat(Enumerable.Repeat(character, 100)));
        }
    }

    /// <summary>Makes all rows of a user one second older, so that new rows are newer by more than the clock's resolution.</summary>
    private async Task AgeAsync(TestUser user) =>
        server.Tables.Change(
            "UPDATE conversations SET updated_at = updated_at - 1000, last_message_at = last_message_at - 1000 WHERE owner_id = @id",
            ("@id", await user.IdAsync())
        );

    private static async Task<List<JsonElement>> ListAsync(TestUser user, string query = "") =>
        [.. (await user.GetAsync("/api/v1/chat" + query)).GetProperty("conversations").EnumerateArray()];

    private static string? Member(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.ToString() : null;
}
