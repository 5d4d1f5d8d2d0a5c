using System.Net;
using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Messages;

/// <summary>Listing, adding and reading messages.</summary>
public sealed class MessageTests(ParleyServer server)
{
    [Fact]
    public async Task List_ByPages_WalksThePathFromItsEnd()
    {
        using var ana = server.NewUser();
        var conversation = await ConversationAsync(ana);
        List<string> said = [];
        for (var i = 0; i < 7; i++)
        {
            said.Add(Id(await SayAsync(ana, conversation, $"No {i}")));
        }

        List<string> listed = [];
        string? before = null;
        do
        {
            var page = await ana.GetAsync(
                $"/api/v1/conversations/{conversation}/messages?limit=3{(before is null ? "" : $"&before={before}")}"
            );
            listed.InsertRange(0, page.GetProperty("items").EnumerateArray().Select(Id));
            before = page.GetProperty("previous").GetString();
        } while (before is not null);

        Assert.Equal(said, listed);
        var first = await ana.GetAsync($"/api/v1/conversations/{conversation}/messages?before={said[0]}");
        Assert.Equal("""{"items":[],"previous":null}""", first.ToString());
    }

    [Fact]
    public async Task List_RunningAnswer_HasWhatIsThereAndWhereToGoOn()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=30 reasoning=2 delay=20");
        await answer.UntilAsync("token", 3);
        var message = (await ana.GetAsync($"/api/v1/conversations/{answer.ConversationId}/messages")).GetProperty("items")[1];
        Assert.Equal("running", message.GetProperty("status").GetString());
        Assert.StartsWith(answer.Text, message.GetProperty("content").GetString(), StringComparison.Ordinal);
        await using var rest = await ana.FollowAsync(answer.GenerationId, message.GetProperty("position").GetInt64());
        await rest.ToEndAsync();
        await answer.ToEndAsync();
        Assert.Equal(answer.Text, message.GetProperty("content").GetString() + rest.Text);
    }

    [Fact]
    public async Task Get_Answer_HasPartsThatGiveItsPositions()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=5 reasoning=2 tool=1 delay=0");
        var message = await ana.GetAsync($"/api/v1/messages/{answer.MessageId}");
        var parts = message.GetProperty("parts").EnumerateArray().ToList();
        Assert.Equal(["reasoning", "tool", "text"], parts.Select(part => part.GetProperty("type").GetString()));
        Assert.Equal(
            (answer.Text, "get_weather", "{\"city\":\"Paris\"}"),
            (
                parts[2].GetProperty("text").GetString(),
                parts[1].GetProperty("name").GetString(),
                parts[1].GetProperty("arguments").GetString()
            )
        );
        Assert.Equal("Paris", parts[1].GetProperty("result").GetProperty("city").GetString());
        Assert.Equal(
            (answer.Last.Position, "completed", "stop"),
            (
                message.GetProperty("position").GetInt64(),
                message.GetProperty("status").GetString(),
                message.GetProperty("finishReason").GetString()
            )
        );
        await using var text = await ana.FollowAsync(answer.GenerationId, parts[2].GetProperty("position").GetInt64());
        Assert.Equal(answer.Text, (await text.ToEndAsync()).Text);
        Assert.Equal("token", text.Events[0].Type);
    }

    [Fact]
    public async Task Get_OfAPerson_IsComplete()
    {
        using var ana = server.NewUser();
        var conversation = await ConversationAsync(ana);
        var said = await SayAsync(ana, conversation, "Hello");
        var message = await ana.GetAsync($"/api/v1/messages/{Id(said)}");
        Assert.Equal(said.ToString(), message.ToString());
        Assert.Equal(
            ("user", "complete", "Hello", conversation),
            (Text(message, "role"), Text(message, "status"), Text(message, "content"), Text(message, "conversationId"))
        );
        Assert.Equal([Id(said)], message.GetProperty("siblings").EnumerateArray().Select(id => id.GetString()));
        foreach (var absent in new[] { "model", "generationId", "position", "error", "usage", "stoppedAt" })
        {
            Assert.False(message.TryGetProperty(absent, out _), absent);
        }
    }

    [Fact]
    public async Task Create_Roles_AreKeptAndTheModelIsTold()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "ok");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        var conversation = await ConversationAsync(ana);
        foreach (var role in new[] { "system", "user", "assistant" })
        {
            using var created = await ana.SendAsync(
                "POST",
                $"/api/v1/conversations/{conversation}/messages",
                new { role, content = $"by {role}" }
            );
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            Assert.StartsWith("/api/v1/messages/", created.Headers.Location!.ToString(), StringComparison.Ordinal);
        }

        await ana.AnsweredAsync("well?", conversation, model: "up/m");
        var told = upstream
            .Requests.Single()
            .GetProperty("messages")
            .EnumerateArray()
            .Select(message => $"{Text(message, "role")}: {Text(message, "content")}");
        Assert.Equal(["system: by system", "user: by user", "assistant: by assistant", "user: well?"], told);
    }

    [Fact]
    public async Task Create_WithParent_BranchesThere()
    {
        using var ana = server.NewUser();
        var conversation = await ConversationAsync(ana);
        var root = await SayAsync(ana, conversation, "root");
        await SayAsync(ana, conversation, "left");
        var right = await SayAsync(ana, conversation, "right", Id(root));
        Assert.Equal((Id(root), 2), (Text(right, "parentId"), right.GetProperty("siblings").GetArrayLength()));
        var path = (await ana.GetAsync($"/api/v1/conversations/{conversation}/messages"))
            .GetProperty("items")
            .EnumerateArray()
            .Select(message => Text(message, "content"));
        Assert.Equal(["root", "right"], path);
    }

    [Fact]
    public async Task Create_ParentElsewhere_Is404AndStoresNothing()
    {
        using var ana = server.NewUser();
        var (here, there) = (await ConversationAsync(ana), await ConversationAsync(ana));
        var parent = Id(await SayAsync(ana, there, "there"));
        foreach (var bad in new[] { parent, here, Guid.NewGuid().ToString(), "", "x", "' OR 1=1 --" })
        {
            await ana.RefusedAsync(
                404,
                "not_found",
                "POST",
                $"/api/v1/conversations/{here}/messages",
                new
                {
                    role = "user",
                    content = "x",
                    parentId = bad,
                }
            );
        }

        Assert.Equal(0, (await ana.GetAsync($"/api/v1/conversations/{here}")).GetProperty("messageCount").GetInt32());
    }

    [Theory]
    [InlineData("tool", "x", 400, "invalid_role")]
    [InlineData("User", "x", 400, "invalid_role")]
    [InlineData("", "x", 400, "invalid_role")]
    [InlineData(null, "x", 400, "invalid_role")]
    [InlineData("user", "", 400, "text_required")]
    [InlineData("user", " \u200B ", 400, "text_required")]
    [InlineData("user", null, 400, "text_required")]
    public async Task Create_BadMember_IsNamed(string? role, string? content, int status, string code)
    {
        using var ana = server.NewUser();
        var conversation = await ConversationAsync(ana);
        var problem = await ana.RefusedAsync(status, code, "POST", $"/api/v1/conversations/{conversation}/messages", new { role, content });
        Assert.Single(problem.GetProperty("errors").EnumerateObject());
        await ana.RefusedAsync(
            413,
            "message_too_long",
            "POST",
            $"/api/v1/conversations/{conversation}/messages",
            new { role = "user", content = new string('x', (1024 * 1024) + 1) }
        );
    }

    [Theory]
    [InlineData("limit=0", "out_of_range")]
    [InlineData("limit=-1", "out_of_range")]
    [InlineData("limit=201", "out_of_range")]
    [InlineData("limit=abc", "out_of_range")]
    [InlineData("limit=", "out_of_range")]
    [InlineData("limit=1&limit=1", "out_of_range")]
    [InlineData("before=", "invalid_cursor")]
    [InlineData("before=abc", "invalid_cursor")]
    [InlineData("before=%00", "invalid_cursor")]
    [InlineData("before=00000000-0000-0000-0000-000000000000", "invalid_cursor")]
    [InlineData("before=a&before=b", "duplicate_parameter")]
    [InlineData("offset=10", "unknown_parameter")]
    public async Task List_AbsurdPaging_Is400(string query, string code)
    {
        using var ana = server.NewUser();
        var conversation = await ConversationAsync(ana);
        await ana.RefusedAsync(400, code, "GET", $"/api/v1/conversations/{conversation}/messages?{query}");
    }

    [Fact]
    public async Task List_BeforeAMessageOfAnotherConversation_IsAsIfItWereNotThere()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        var (here, there, foreign) = (await ConversationAsync(ana), await ConversationAsync(ana), await ConversationAsync(ben));
        foreach (var id in new[] { Id(await SayAsync(ana, there, "x")), Id(await SayAsync(ben, foreign, "x")) })
        {
            await ana.RefusedAsync(400, "invalid_cursor", "GET", $"/api/v1/conversations/{here}/messages?before={id}");
        }
    }

    private static async Task<string> ConversationAsync(TestUser user) =>
        Id(await user.JsonAsync("POST", "/api/v1/conversations", "{}", 201));

    private static Task<JsonElement> SayAsync(TestUser user, string conversation, string content, string? parentId = null) =>
        user.JsonAsync(
            "POST",
            $"/api/v1/conversations/{conversation}/messages",
            new
            {
                role = "user",
                content,
                parentId,
            },
            201
        );

    private static string Id(JsonElement json) => json.GetProperty("id").GetString()!;

    private static string? Text(JsonElement json, string member) => json.GetProperty(member).GetString();
}
