using System.Text;
using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Conversations;

/// <summary><c>GET /api/v1/conversations</c>: the caller's own conversations.</summary>
public sealed class ListConversationsTests(ParleyServer server)
{
    [Fact]
    public async Task List_ByPages_GivesEachConversationOnceNewestFirst()
    {
        using var ana = server.NewUser();
        List<string> created = [];
        for (var i = 0; i < 7; i++)
        {
            created.Add(
                (await ana.JsonAsync("POST", "/api/v1/conversations", new { title = $"No {i}" }, 201)).GetProperty("id").GetString()!
            );
        }

        List<JsonElement> listed = [];
        string? cursor = null;
        do
        {
            var page = await ana.GetAsync($"/api/v1/conversations?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.Equal(7, page.GetProperty("total").GetInt32());
            listed.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("nextCursor").GetString();
        } while (cursor is not null);

        Assert.Equal(Enumerable.Reverse(created).Order(), listed.Select(item => item.GetProperty("id").GetString()!).Order());
        var keys = listed.Select(item => (item.GetProperty("updatedAt").GetDateTimeOffset(), item.GetProperty("id").GetString())).ToList();
        Assert.Equal(keys.OrderDescending(), keys);
    }

    [Fact]
    public async Task List_AfterAnAnswer_HasThatConversationFirst()
    {
        using var ana = server.NewUser();
        var first = await ana.AnsweredAsync("#script tokens=1 delay=0 one");
        await ana.AnsweredAsync("#script tokens=1 delay=0 two");
        await ana.AnsweredAsync("#script tokens=1 delay=2 three", first.ConversationId);
        var items = (await ana.GetAsync("/api/v1/conversations")).GetProperty("items");
        Assert.Equal((2, first.ConversationId), (items.GetArrayLength(), items[0].GetProperty("id").GetString()));
    }

    [Fact]
    public async Task List_RunningAnswer_IsNamed()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script first=60000");
        var start = await answer.NextAsync();
        var running = Assert.Single(
            (await ana.GetAsync("/api/v1/conversations")).GetProperty("items")[0].GetProperty("running").EnumerateArray()
        );
        Assert.Equal(
            (answer.GenerationId, start!["messageId"]),
            (running.GetProperty("generationId").GetString(), running.GetProperty("messageId").GetString())
        );
    }

    [Fact]
    public async Task List_OfANewUser_IsEmpty()
    {
        using var ana = server.NewUser();
        Assert.Equal("""{"items":[],"nextCursor":null,"total":0}""", (await ana.GetAsync("/api/v1/conversations")).ToString());
    }

    [Theory]
    [InlineData("limit=-1")]
    [InlineData("limit=0")]
    [InlineData("limit=101")]
    [InlineData("limit=2147483648")]
    [InlineData("limit=99999999999999999999")]
    [InlineData("limit=abc")]
    [InlineData("limit=")]
    [InlineData("limit")]
    [InlineData("limit=1&limit=2")]
    [InlineData("limit=%201")]
    [InlineData("limit=1.0")]
    [InlineData("limit=0x1")]
    [InlineData("limit=%D9%A3")]
    [InlineData("limit=1%00")]
    [InlineData("offset=0", "unknown_parameter")]
    [InlineData("sort=title;drop", "unknown_parameter")]
    [InlineData("ownerId=x", "unknown_parameter")]
    public async Task List_AbsurdPaging_Is400(string query, string code = "out_of_range")
    {
        using var ana = server.NewUser();
        await ana.AnsweredAsync("#script tokens=1 delay=0");
        await ana.RefusedAsync(400, code, "GET", $"/api/v1/conversations?{query}");
    }

    [Fact]
    public async Task List_GarbageCursors_Are400()
    {
        using var ana = server.NewUser();
        await ana.AnsweredAsync("#script tokens=1 delay=0");
        string[] cursors =
        [
            "",
            "abc",
            "%00",
            "a%00b",
            "%20",
            "====",
            "..",
            "ä",
            new string('A', 5000),
            Of("1|2|3"),
            Of("|"),
            Of("-1|" + Guid.Empty),
            Of("1|word"),
            Of("99999999999999999999|" + Guid.Empty),
            Of("253402300800000|" + Guid.Empty),
            Of("1.5|" + Guid.Empty),
            Of("1|{" + Guid.Empty + "}"),
            Of("1|' OR 1=1 --"),
            Convert.ToBase64String([0xFF, 0xFE, 0, 1]).Replace('+', '-').Replace('/', '_'),
        ];
        foreach (var cursor in cursors)
        {
            await ana.RefusedAsync(
                400,
                "invalid_cursor",
                "GET",
                $"/api/v1/conversations?cursor={(cursor.StartsWith('%') ? cursor : Uri.EscapeDataString(cursor))}"
            );
        }

        await ana.RefusedAsync(400, "duplicate_parameter", "GET", "/api/v1/conversations?cursor=a&cursor=b");
    }

    [Fact]
    public async Task List_CursorOfAnotherUser_ShowsOnlyTheCallersOwn()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        for (var i = 0; i < 3; i++)
        {
            await ana.JsonAsync("POST", "/api/v1/conversations", "{}", 201);
        }

        var cursor = (await ana.GetAsync("/api/v1/conversations?limit=1")).GetProperty("nextCursor").GetString();
        var own = await ben.JsonAsync("POST", "/api/v1/conversations", "{}", 201);
        var page = await ben.GetAsync($"/api/v1/conversations?cursor={cursor}");
        Assert.Equal(1, page.GetProperty("total").GetInt32());
        Assert.All(page.GetProperty("items").EnumerateArray(), item =>
            Assert.Equal(own.GetProperty("id").GetString(), item.GetProperty("id").GetString())
        );
    }

    private static string Of(string text) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
