using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.ChatRows;

/// <summary><c>/api/chat/conversations</c> and their messages.</summary>
public sealed class ChatConversationTests(ParleyServer server)
{
    private const string Path = "/api/chat/conversations";
    private static readonly string[] ConversationColumns =
    [
        "id",
        "user_id",
        "title",
        "model",
        "context_window",
        "total_tokens",
        "message_count",
        "last_message_at",
        "created_at",
        "updated_at",
    ];

    private static readonly string[] MessageColumns = ["id", "conversation_id", "role", "content", "tokens", "metadata", "created_at"];

    [Fact]
    public async Task Create_AsTheSeedDoes_IsARow()
    {
        // The model of a conversation is a label: it need not exist on this server
        using var ana = server.NewUser();
        using var response = await ana.SendAsync(
            "POST",
            Path,
            """{"user_id":null,"title":"日本語の文法","model":"stockmark/stockmark-2-100b-instruct"}"""
        );
        Assert.Equal(201, (int)response.StatusCode);
        var row = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(ConversationColumns, row.EnumerateObject().Select(column => column.Name));
        Assert.True(Guid.TryParseExact(Member(row, "id"), "D", out _));
        Assert.Equal(
            ("日本語の文法", "stockmark/stockmark-2-100b-instruct", "0", "0"),
            (Member(row, "title"), Member(row, "model"), Member(row, "message_count"), Member(row, "total_tokens"))
        );
        Assert.All(new[] { "user_id", "context_window", "last_message_at" }, column =>
            Assert.Equal(JsonValueKind.Null, row.GetProperty(column).ValueKind)
        );
        Assert.Equal(row.GetProperty("created_at").GetDateTimeOffset(), row.GetProperty("updated_at").GetDateTimeOffset());
        Assert.Equal($"/api/v1/conversations/{Member(row, "id")}", response.Headers.Location!.ToString());

        // It is in the other lists as well: they are one.
        Assert.Equal(row.ToString(), Assert.Single(await ListAsync(ana)).ToString());
        Assert.Equal(Member(row, "id"), Member((await ana.GetAsync("/api/v1/conversations")).GetProperty("items")[0], "id"));
        Assert.Equal(Member(row, "id"), Member((await ana.GetAsync("/api/v1/chat")).GetProperty("conversations")[0], "id"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"title":null,"model":null,"user_id":null}""")]
    public async Task Create_WithNothing_IsUntitled(string? body)
    {
        using var ana = server.NewUser();
        var row = await ana.JsonAsync("POST", Path, body, 201);
        Assert.Equal(("New conversation", null), (Member(row, "title"), Member(row, "model")));
    }

    [Theory]
    [InlineData("""{"title":""}""", "text_required", "title")]
    [InlineData("""{"title":" \u200b "}""", "text_required", "title")]
    [InlineData("""{"model":""}""", "invalid_model", "model")]
    [InlineData("""{"model":"a\nb"}""", "invalid_model", "model")]
    [InlineData("""{"userId":null}""", "unknown_member", "userId")]
    public async Task Create_BadInput_IsRefused(string body, string code, string field)
    {
        using var ana = server.NewUser();
        Assert.True(Problem.Names(await ana.RefusedAsync(400, code, "POST", Path, body), field));
        Assert.True(
            Problem.Names(await ana.RefusedAsync(400, "title_too_long", "POST", Path, new { title = new string('x', 201) }), "title")
        );
        Assert.True(
            Problem.Names(await ana.RefusedAsync(400, "invalid_model", "POST", Path, new { model = new string('x', 201) }), "model")
        );
        Assert.Empty(await ListAsync(ana));
    }

    [Fact]
    public async Task UserId_OfACookie_IsNullAndOnesOwnIsTaken()
    {
        using var ana = server.NewUser();
        var id = await ana.IdAsync();
        await ana.JsonAsync("POST", Path, new { user_id = id, title = "Mine" }, 201);
        foreach (var filter in new[] { "", "?user_id=", "?user_id=null", $"?user_id={id}" })
        {
            Assert.Equal(JsonValueKind.Null, Assert.Single(await ListAsync(ana, filter)).GetProperty("user_id").ValueKind);
        }
    }

    [Fact]
    public async Task UserId_OfOneself_IsTakenAndShownAsNull()
    {
        // A user without an account is anonymous in rows, with a cookie or a token
        using var program = server.NewUser();
        (string, string) token = ("Authorization", $"Bearer {Guid.NewGuid():N}");
        var id = Member(await program.JsonAsync("GET", "/api/v1/me", null, 200, token), "id");
        var row = await program.JsonAsync("POST", Path, new { user_id = id }, 201, token);
        Assert.Null(Member(row, "user_id"));
        var listed = await program.JsonAsync("GET", $"{Path}?user_id={id}", null, 200, token);
        Assert.Null(Member(Assert.Single(listed.GetProperty("conversations").EnumerateArray()), "user_id"));
    }

    [Fact]
    public async Task UserId_OfAnotherUser_Is403AndReadsNothing()
    {
        // The identity comes from credentials alone
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        using var anonymous = server.NewUser();
        await ana.JsonAsync("POST", Path, "{}", 201);
        var id = await ana.IdAsync();
        await ben.IdAsync();
        foreach (var user in new[] { ben, anonymous })
        {
            foreach (var other in new[] { id, Guid.NewGuid().ToString(), "word" })
            {
                Assert.True(Problem.Names(await user.RefusedAsync(403, "not_yours", "GET", $"{Path}?user_id={other}"), "user_id"));
                Assert.True(Problem.Names(await user.RefusedAsync(403, "not_yours", "POST", Path, new { user_id = other }), "user_id"));
            }
        }

        Assert.Empty(await ListAsync(ben));
        Assert.Single(await ListAsync(ana));
    }

    [Fact]
    public async Task List_Pages_NewestFirst()
    {
        using var ana = server.NewUser();
        for (var i = 1; i <= 5; i++)
        {
            await NewAsync(ana, $"Number {i}");
            server.Tables.Change(
                "UPDATE conversations SET updated_at = updated_at - 1000 WHERE owner_id = @id",
                ("@id", await ana.IdAsync())
            );
        }

        var oldest = (await ListAsync(ana))[^1];
        await ana.JsonAsync("POST", $"{Path}/{Member(oldest, "id")}/messages", new { role = "user", content = "up again" }, 201);
        Assert.Equal(
            ["Number 1", "Number 5", "Number 4", "Number 3", "Number 2"],
            (await ListAsync(ana, "?limit=50&offset=0")).Select(row => Member(row, "title"))
        );
        Assert.Equal(["Number 5", "Number 4"], (await ListAsync(ana, "?limit=2&offset=1")).Select(row => Member(row, "title")));
        Assert.Empty(await ListAsync(ana, "?offset=5"));
        var page = await ana.GetAsync($"{Path}?limit=2&offset=4");
        Assert.Equal(("5", "2", "4"), (Member(page, "total"), Member(page, "limit"), Member(page, "offset")));
        using var anonymous = server.NewUser();
        Assert.Equal("""{"conversations":[],"total":0,"limit":50,"offset":0}""", (await anonymous.GetAsync(Path)).ToString());
    }

    [Theory]
    [InlineData("limit=0", "out_of_range")]
    [InlineData("limit=101", "out_of_range")]
    [InlineData("limit=-1", "out_of_range")]
    [InlineData("limit=1&limit=2", "out_of_range")]
    [InlineData("limit=", "out_of_range")]
    [InlineData("offset=-1", "out_of_range")]
    [InlineData("offset=1000001", "out_of_range")]
    [InlineData("offset=1.0", "out_of_range")]
    [InlineData("offset=9999999999999999999", "out_of_range")]
    [InlineData("page=2", "unknown_parameter")]
    [InlineData("user_id=a&user_id=b", "duplicate_parameter")]
    public async Task List_BadPage_IsRefused(string query, string code)
    {
        using var ana = server.NewUser();
        Assert.True(Problem.Names(await ana.RefusedAsync(400, code, "GET", $"{Path}?{query}"), query.Split('=')[0]));
    }

    [Fact]
    public async Task AddMessage_UpdatesTheConversation()
    {
        using var ana = server.NewUser();
        var id = await NewAsync(ana);
        var added = await ana.JsonAsync(
            "POST",
            $"{Path}/{id}/messages",
            new
            {
                role = "user",
                content = "こんにちは",
                tokens = 7,
                metadata = new { source = "import", deep = new { a = new[] { 1 } } },
            },
            201
        );
        Assert.Equal(MessageColumns, added.EnumerateObject().Select(column => column.Name));
        Assert.Equal(
            (id, "user", "こんにちは", "7", """{"source":"import","deep":{"a":[1]}}"""),
            (
                Member(added, "conversation_id"),
                Member(added, "role"),
                Member(added, "content"),
                Member(added, "tokens"),
                Member(added, "metadata")
            )
        );
        await ana.JsonAsync(
            "POST",
            $"{Path}/{id}/messages",
            new
            {
                role = "assistant",
                content = "Hello",
                tokens = 5,
            },
            201
        );
        var last = await ana.JsonAsync(
            "POST",
            $"{Path}/{id}/messages",
            new
            {
                role = "system",
                content = "Be brief",
                tokens = (int?)null,
                metadata = (object?)null,
            },
            201
        );

        var row = Assert.Single(await ListAsync(ana));
        Assert.Equal(
            ("3", "12", Member(last, "created_at")),
            (Member(row, "message_count"), Member(row, "total_tokens"), Member(row, "last_message_at"))
        );
        Assert.Equal(
            [added.ToString(), last.ToString()],
            (await MessagesAsync(ana, id)).Where((_, i) => i != 1).Select(message => message.ToString())
        );
    }

    [Theory]
    [InlineData("user", "What is a particle?")]
    [InlineData("system", "What is a particle?")]
    public async Task AddMessage_FirstOfThePerson_IsTheTitleWhereNoneWasGiven(string before, string question)
    {
        using var ana = server.NewUser();
        var (untitled, titled) = (await NewAsync(ana), await NewAsync(ana, "A title"));
        foreach (var id in new[] { untitled, titled })
        {
            if (before != "user")
            {
                await ana.JsonAsync("POST", $"{Path}/{id}/messages", new { role = before, content = "Before" }, 201);
            }

            await ana.JsonAsync("POST", $"{Path}/{id}/messages", new { role = "user", content = question }, 201);
            await ana.JsonAsync("POST", $"{Path}/{id}/messages", new { role = "user", content = "Another" }, 201);
        }

        Assert.Equal(
            [("A title", titled), (question, untitled)],
            (await ListAsync(ana)).Select(row => (Member(row, "title"), Member(row, "id"))).Order()
        );
    }

    [Theory]
    [InlineData("user", false)]
    [InlineData("system", true)]
    public async Task Ask_FirstOfThePerson_IsTheTitleWhereNoneWasGiven(string before, bool isThere)
    {
        using var ana = server.NewUser();
        var id = await NewAsync(ana);
        if (isThere)
        {
            await ana.JsonAsync("POST", $"{Path}/{id}/messages", new { role = before, content = "Before" }, 201);
        }

        await ana.AnsweredAsync("#script tokens=1 delay=0", id);
        await ana.AnsweredAsync("Another", id);
        Assert.Equal("#script tokens=1 delay=0", Member(Assert.Single(await ListAsync(ana)), "title"));
    }

    [Theory]
    [InlineData("""{"content":"x"}""", "invalid_role", "role")]
    [InlineData("""{"role":"tool","content":"x"}""", "invalid_role", "role")]
    [InlineData("""{"role":"User","content":"x"}""", "invalid_role", "role")]
    [InlineData("""{"role":"user"}""", "text_required", "content")]
    [InlineData("""{"role":"user","content":" "}""", "text_required", "content")]
    [InlineData("""{"role":"user","content":"x","tokens":-1}""", "out_of_range", "tokens")]
    [InlineData("""{"role":"user","content":"x","tokens":1.5}""", "wrong_type", "tokens")]
    [InlineData("""{"role":"user","content":"x","metadata":[]}""", "wrong_type", "metadata")]
    [InlineData("""{"role":"user","content":"x","metadata":"x"}""", "wrong_type", "metadata")]
    [InlineData("""{"role":"user","content":"x","metadata":5}""", "wrong_type", "metadata")]
    [InlineData("""{"role":"user","content":"x","metadata":{"a":"\u0000"}}""", "invalid_text", "a")]
    [InlineData("""{"role":"user","content":"x","user_id":null}""", "unknown_member", "user_id")]
    public async Task AddMessage_BadInput_IsRefused(string body, string code, string field)
    {
        using var ana = server.NewUser();
        var id = await NewAsync(ana);
        Assert.True(Problem.Names(await ana.RefusedAsync(400, code, "POST", $"{Path}/{id}/messages", body), field));
        Assert.True(
            Problem.Names(
                await ana.RefusedAsync(
                    400,
                    "too_long",
                    "POST",
                    $"{Path}/{id}/messages",
                    new
                    {
                        role = "user",
                        content = "x",
                        metadata = new { a = new string('x', 17_000) },
                    }
                ),
                "metadata"
            )
        );
        Assert.Equal("0", Member(Assert.Single(await ListAsync(ana)), "message_count"));
    }

    [Fact]
    public async Task Messages_Pages_OldestFirst()
    {
        using var ana = server.NewUser();
        var id = await NewAsync(ana);
        for (var i = 1; i <= 5; i++)
        {
            await ana.JsonAsync(
                "POST",
                $"{Path}/{id}/messages",
                new { role = i % 2 == 1 ? "user" : "assistant", content = $"Message {i}" },
                201
            );
        }

        Assert.Equal(
            ["Message 1", "Message 2", "Message 3", "Message 4", "Message 5"],
            (await MessagesAsync(ana, id, "?limit=100&offset=0")).Select(row => Member(row, "content"))
        );
        Assert.Equal(["Message 2", "Message 3"], (await MessagesAsync(ana, id, "?limit=2&offset=1")).Select(row => Member(row, "content")));
        var page = await ana.GetAsync($"{Path}/{id}/messages?offset=4");
        Assert.Equal(
            ("5", "100", "4", 1),
            (Member(page, "total"), Member(page, "limit"), Member(page, "offset"), page.GetProperty("messages").GetArrayLength())
        );
        await ana.RefusedAsync(400, "out_of_range", "GET", $"{Path}/{id}/messages?limit=201");
        await ana.RefusedAsync(400, "unknown_parameter", "GET", $"{Path}/{id}/messages?order=desc");
    }

    [Fact]
    public async Task Messages_OfAnAnswer_AreRowsWhileItIsWrittenAndAfter()
    {
        using var ana = server.NewUser();
        var id = await NewAsync(ana);
        await using var stream = await ana.OpenAsync(
            "content",
            "POST",
            "/api/chat",
            new
            {
                messages = new[] { new { role = "user", content = "#script tokens=100000 delay=5" } },
                conversationId = id,
                model = "scripted",
            }
        );
        var seen = await stream.UntilTextAsync();
        var running = (await MessagesAsync(ana, id))[1];
        Assert.StartsWith(seen.Text, Member(running, "content"), StringComparison.Ordinal);
        Assert.Equal(
            ("running", "demo/scripted"),
            (Member(running.GetProperty("metadata"), "status"), Member(running.GetProperty("metadata"), "model"))
        );
        await ana.JsonAsync("POST", $"/api/chat/{id}/stop");
        var ended = (await MessagesAsync(ana, id))[1];
        Assert.Equal((await stream.ToEndAsync()).Text, Member(ended, "content"));
        Assert.Equal(
            ("stopped", "stopped"),
            (Member(ended.GetProperty("metadata"), "status"), Member(ended.GetProperty("metadata"), "finishReason"))
        );

        var answer = await ana.AnsweredAsync("#script tokens=9 delay=0", id);
        var row = (await MessagesAsync(ana, id))[^1];
        Assert.Equal((answer.MessageId, "9", answer.Text), (Member(row, "id"), Member(row, "tokens"), Member(row, "content")));
        Assert.Equal("4", Member(Assert.Single(await ListAsync(ana)), "message_count"));
    }

    [Fact]
    public async Task Delete_TakesEverythingWithIt()
    {
        using var ana = server.NewUser();
        var id = await NewAsync(ana);
        var kept = await ana.AnsweredAsync("#script tokens=1 delay=0");
        await ana.AnsweredAsync("#script tokens=1 delay=0", id, key: "key-1");
        await ana.JsonAsync(
            "POST",
            "/chat/start",
            new
            {
                modelId = "scripted",
                prompt = "x",
                chatId = id,
            },
            201
        );
        await using var running = await ana.AskAsync("#script tokens=100000 delay=5", id);
        await running.UntilAsync("token");
        Assert.Equal(
            (1, 1),
            (
                server.Tables.Count("chat_sessions", "conversation_id = @id", ("@id", id)),
                server.Tables.Count("conversations", "id = @id", ("@id", id))
            )
        );

        var deleted = await ana.JsonAsync("DELETE", $"{Path}?id={id}");
        Assert.Equal(("True", id), (Member(deleted, "success"), Member(deleted, "id")));
        Assert.True(await running.IsCutAsync());
        foreach (var table in new[] { "messages", "generations", "chat_sessions" })
        {
            Assert.Equal(0, server.Tables.Count(table, "conversation_id = @id", ("@id", id)));
        }

        Assert.Equal(0, server.Tables.Count("conversations", "id = @id", ("@id", id)));
        Assert.Equal(kept.ConversationId, Member(Assert.Single(await ListAsync(ana)), "id"));
        await ana.RefusedAsync(404, "not_found", "GET", $"{Path}/{id}/messages");
        await ana.RefusedAsync(404, "not_found", "DELETE", $"{Path}?id={id}");
        await ana.RefusedAsync(404, "not_found", "POST", "/api/chat", new { message = "x", conversationId = id });
        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{running.GenerationId}");
    }

    [Fact]
    public async Task Delete_ByTheClientsName_FreesTheName()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana, "my-chat");
        await chat.AnsweredAsync("#script tokens=1 delay=0");
        await ana.JsonAsync("DELETE", $"{Path}?id=my-chat");
        await ana.RefusedAsync(404, "not_found", "GET", "/api/v1/chat/my-chat");
        chat.Messages.Clear();
        await chat.AnsweredAsync("#script tokens=2 delay=0");
        Assert.Equal(2, (await ana.SaidAsync("my-chat")).Count);
    }

    [Fact]
    public async Task Delete_WithoutAnId_IsRefused()
    {
        using var ana = server.NewUser();
        await NewAsync(ana);
        await ana.RefusedAsync(400, "required", "DELETE", Path);
        await ana.RefusedAsync(400, "duplicate_parameter", "DELETE", $"{Path}?id=a&id=b");
        Assert.Single(await ListAsync(ana));
    }

    private static async Task<string> NewAsync(TestUser user, string? title = null) =>
        Member(await user.JsonAsync("POST", Path, new { title }, 201), "id")!;

    private static async Task<List<JsonElement>> ListAsync(TestUser user, string query = "") =>
        [.. (await user.GetAsync(Path + query)).GetProperty("conversations").EnumerateArray()];

    private static async Task<List<JsonElement>> MessagesAsync(TestUser user, string id, string query = "") =>
        [.. (await user.GetAsync($"{Path}/{id}/messages{query}")).GetProperty("messages").EnumerateArray()];

    private static string? Member(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? value.ToString() : null;
}
