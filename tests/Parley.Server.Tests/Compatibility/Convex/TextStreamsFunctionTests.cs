using System.Net;
using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.Convex;

/// <summary><c>POST /api/query</c>, <c>/api/mutation</c> and <c>/api/action</c>, as <c>ConvexHttpClient</c> calls them.</summary>
public sealed class TextStreamsFunctionTests(ParleyServer server)
{
    private const string Short = "#script tokens=8 delay=0";

    [Fact]
    public async Task Functions_ThroughALife()
    {
        using var ana = server.NewUser();
        var created = await CallAsync(
            ana,
            "mutation",
            "ai_chat:createChat",
            new
            {
                prompt = Short,
                title = "T",
                model = "scripted",
            }
        );
        Assert.Equal(["chatId", "streamId"], created.EnumerateObject().Select(member => member.Name));
        var chat = new StreamChat(ana, created.GetProperty("chatId").GetString()!, created.GetProperty("streamId").GetString()!);
        Assert.Equal(
            (await chat.RowAsync()).ToString(),
            (await CallAsync(ana, "query", "ai_chat:getChat", new { chatId = chat.ChatId })).ToString()
        );
        Assert.Equal(
            ("", "pending"),
            SyncClient.BodyOf(await CallAsync(ana, "query", "ai_chat:getChatBody", new { streamId = chat.StreamId }))
        );
        Assert.Equal(
            1,
            (await CallAsync(ana, "query", "ai_chat:listChats", new { user_id = await ana.IdAsync(), limit = 10.0 })).GetArrayLength()
        );

        var text = await chat.DrivenAsync();
        Assert.Equal(
            (text, "done"),
            SyncClient.BodyOf(await CallAsync(ana, "query", "ai_chat:getChatBody", new { streamId = chat.StreamId }))
        );
        Assert.Equal(
            JsonValueKind.Null,
            (await CallAsync(ana, "mutation", "ai_chat:updateChatStatus", new { chatId = chat.ChatId, status = "completed" })).ValueKind
        );
        Assert.Equal(JsonValueKind.Null, (await CallAsync(ana, "mutation", "ai_chat:deleteChat", new { chatId = chat.ChatId })).ValueKind);
        Assert.Equal(JsonValueKind.Null, (await CallAsync(ana, "query", "ai_chat:getChat", new { chatId = chat.ChatId })).ValueKind);
        await FailsAsync(ana, "query", "ai_chat:getChatBody", new { streamId = chat.StreamId }, "not_found");
        Assert.Equal(0, (await CallAsync(ana, "query", "ai_chat:listChats", new { })).GetArrayLength());
    }

    [Theory]
    [InlineData("getChat")]
    [InlineData("ai_chat:getChat")]
    [InlineData("ai_chat.js:getChat")]
    [InlineData("folder/other:getChat")]
    public async Task Function_OfAnyModule_IsFound(string path)
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        Assert.Equal(chat.ChatId, (await CallAsync(ana, "query", path, new { chatId = chat.ChatId })).GetProperty("_id").GetString());
    }

    [Fact]
    public async Task Arguments_AsOneObjectOrNone_AreTaken()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        foreach (
            var body in new[]
            {
                """{"path":"x:listChats"}""",
                """{"path":"x:listChats","args":{}}""",
                """{"path":"x:listChats","args":[{}],"format":"json"}""",
                """{"path":"x:listChats","args":null}""",
            }
        )
        {
            Assert.Equal(
                """{"status":"success","value":[],"logLines":[]}""",
                (await ana.JsonAsync("POST", "/api/query", body)).GetRawText()
            );
        }
    }

    [Fact]
    public async Task Create_WithAnEmptyTitle_IsCalledAsItsPrompt()
    {
        using var ana = server.NewUser();
        var created = await CallAsync(
            ana,
            "mutation",
            "x:createChat",
            new
            {
                prompt = "Hello",
                title = "",
                user_id = "",
                extra = 1,
            }
        );
        var row = await CallAsync(ana, "query", "x:getChat", new { chatId = created.GetProperty("chatId").GetString() });
        Assert.Equal("Hello", row.GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("query", "x:getChat", """{}""", "required")]
    [InlineData("query", "x:getChat", """{"chatId":5}""", "wrong_type")]
    [InlineData("query", "x:getChatBody", """{}""", "required")]
    [InlineData("query", "x:getChatBody", """{"streamId":"x"}""", "not_found")]
    [InlineData("query", "x:listChats", """{"limit":0}""", "out_of_range")]
    [InlineData("query", "x:listChats", """{"limit":1.5}""", "out_of_range")]
    [InlineData("query", "x:listChats", """{"limit":1e300}""", "out_of_range")]
    [InlineData("query", "x:listChats", """{"limit":"5"}""", "wrong_type")]
    [InlineData("query", "x:listChats", """{"user_id":"another-user"}""", "not_yours")]
    [InlineData("query", "x:createChat", """{"prompt":"x"}""", "no_such_function")]
    [InlineData("query", "x:nothing", """{}""", "no_such_function")]
    [InlineData("query", "", """{}""", "no_such_function")]
    [InlineData("mutation", "x:getChat", """{}""", "no_such_function")]
    [InlineData("mutation", "x:nothing", """{}""", "no_such_function")]
    [InlineData("mutation", "x:createChat", """{}""", "text_required")]
    [InlineData("mutation", "x:createChat", """{"prompt":"x","user_id":"another-user"}""", "not_yours")]
    [InlineData("mutation", "x:createChat", """{"prompt":"x","model":"no/such"}""", "model_not_found")]
    [InlineData("mutation", "x:updateChatStatus", """{"status":"error"}""", "required")]
    [InlineData("mutation", "x:updateChatStatus", """{"chatId":"x","status":"error"}""", "not_found")]
    [InlineData("mutation", "x:updateChatStatus", """{"chatId":"x","status":"done"}""", "invalid_status")]
    [InlineData("mutation", "x:deleteChat", """{}""", "required")]
    public async Task Function_Fails_Is560WithASentence(string kind, string path, string args, string code)
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        await FailsAsync(ana, kind, path, JsonElement.Parse(args), code);
    }

    [Theory]
    [InlineData("""{"args":[{}]}""", "required")]
    [InlineData("""{"path":5}""", "wrong_type")]
    [InlineData("""{"path":"x:y","args":5}""", "wrong_type")]
    [InlineData("""{"path":"x:y","args":[]}""", "wrong_type")]
    [InlineData("""{"path":"x:y","args":[{},{}]}""", "wrong_type")]
    [InlineData("""{"path":"x:y","args":["a"]}""", "wrong_type")]
    [InlineData("""{"path":""", "malformed_json")]
    public async Task Call_NotReadable_IsAProblem(string body, string code)
    {
        using var ana = server.NewUser();
        foreach (var kind in new[] { "query", "mutation" })
        {
            await ana.RefusedAsync(400, code, "POST", $"/api/{kind}", body);
        }
    }

    [Theory]
    [InlineData("""{"path":"x:doIt","args":[{}]}""")]
    [InlineData("""{"path":""")]
    public async Task Action_Any_SaysThatThereAreNone(string body)
    {
        using var ana = server.NewUser();
        var answer = await ana.JsonAsync("POST", "/api/action", body);
        Assert.Equal(
            ("error", "no_such_function"),
            (answer.GetProperty("status").GetString(), answer.GetProperty("errorData").GetProperty("code").GetString())
        );
    }

    [Fact]
    public async Task Functions_OfAForeignChat_AreAsOfAMissingOne()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        await ben.IdAsync();
        using var anonymous = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        foreach (var asking in new[] { ben, anonymous })
        {
            foreach (
                var (chatId, streamId) in new[] { (chat.ChatId, chat.StreamId), (Guid.NewGuid().ToString(), Guid.NewGuid().ToString()) }
            )
            {
                Assert.Equal(JsonValueKind.Null, (await CallAsync(asking, "query", "x:getChat", new { chatId })).ValueKind);
                await FailsAsync(asking, "query", "x:getChatBody", new { streamId }, "not_found");
                await FailsAsync(asking, "mutation", "x:updateChatStatus", new { chatId, status = "error" }, "not_found");
                Assert.Equal(JsonValueKind.Null, (await CallAsync(asking, "mutation", "x:deleteChat", new { chatId })).ValueKind);
            }
        }

        Assert.Equal("pending", await chat.StatusAsync());
    }

    [Fact]
    public async Task Bearer_IsWhoAsks()
    {
        using var program = server.NewUser();
        (string, string) bearer = ("Authorization", "Bearer convex-http-token-0123456789");
        var body = new { path = "x:createChat", args = new[] { new { prompt = "Hello" } } };
        await program.JsonAsync("POST", "/api/mutation", body, 200, bearer);
        Assert.Equal(0, program.Cookies.Count);
        var mine = await program.JsonAsync("POST", "/api/query", new { path = "x:listChats" }, 200, bearer);
        Assert.Equal(1, mine.GetProperty("value").GetArrayLength());
        await program.RefusedAsync(
            401,
            "invalid_token",
            "POST",
            "/api/query",
            new { path = "x:listChats" },
            ("Authorization", "Convex admin-key")
        );
    }

    private static async Task<JsonElement> CallAsync<T>(TestUser user, string kind, string path, T args)
    {
        var answer = await user.JsonAsync(
            "POST",
            $"/api/{kind}",
            new
            {
                path,
                format = "convex_encoded_json",
                args = new[] { args },
            }
        );
        Assert.Equal(["status", "value", "logLines"], answer.EnumerateObject().Select(member => member.Name));
        Assert.Equal("success", answer.GetProperty("status").GetString());
        return answer.GetProperty("value");
    }

    private static async Task FailsAsync<T>(TestUser user, string kind, string path, T args, string code)
    {
        using var response = await user.SendAsync(
            "POST",
            $"/api/{kind}",
            new
            {
                path,
                format = "convex_encoded_json",
                args = new[] { args },
            }
        );
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((HttpStatusCode)560 == response.StatusCode, text);
        var answer = JsonElement.Parse(text);
        Assert.Equal(["status", "errorMessage", "errorData", "logLines"], answer.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ("error", code),
            (answer.GetProperty("status").GetString(), answer.GetProperty("errorData").GetProperty("code").GetString())
        );
        Assert.NotEmpty(answer.GetProperty("errorMessage").GetString()!);
    }
}
