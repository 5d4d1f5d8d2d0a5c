using System.Net;
using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Conversations;

/// <summary>Creating, reading, renaming and deleting conversations.</summary>
public sealed class ConversationTests(ParleyServer server)
{
    [Fact]
    public async Task Create_Empty_HasEverythingAConversationHas()
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync("POST", "/api/v1/conversations");
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var created = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal($"/api/v1/conversations/{created.GetProperty("id").GetString()}", response.Headers.Location!.ToString());
        Assert.Equal((0, 0), (created.GetProperty("messageCount").GetInt32(), created.GetProperty("totalTokens").GetInt32()));
        Assert.Empty(created.GetProperty("running").EnumerateArray());
        Assert.NotEmpty(created.GetProperty("title").GetString()!);
        Assert.Equal(created.GetProperty("createdAt").GetDateTimeOffset(), created.GetProperty("updatedAt").GetDateTimeOffset());
        Assert.EndsWith(
            "+00:00",
            created.GetProperty("createdAt").GetString()!.Replace("Z", "+00:00", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        var read = await ana.GetAsync(response.Headers.Location.ToString());
        Assert.Equal(created.ToString(), read.ToString());
    }

    [Fact]
    public async Task Create_WithTitleAndModel_KeepsThem()
    {
        using var ana = server.NewUser();
        var created = await ana.JsonAsync("POST", "/api/v1/conversations", new { title = "Plans for May", model = "demo/parley" }, 201);
        Assert.Equal(
            ("Plans for May", "demo/parley"),
            (created.GetProperty("title").GetString(), created.GetProperty("model").GetString())
        );
        await ana.RefusedAsync(400, "model_not_found", "POST", "/api/v1/conversations", new { model = "x/y" });
    }

    [Fact]
    public async Task Title_NotGiven_IsTheFirst100CharactersOfTheFirstMessage()
    {
        using var ana = server.NewUser();
        var message = "#script tokens=1 delay=0 " + string.Concat(Enumerable.Repeat("é👩‍💻x", 100));
        var begun = await ana.AnsweredAsync(message);
        var expected = string.Concat(new System.Globalization.StringInfo(message).SubstringByTextElements(0, 100));
        Assert.Equal(expected, await TitleAsync(ana, begun.ConversationId));

        // also of a conversation that was created empty
        var empty = await ana.JsonAsync("POST", "/api/v1/conversations", "{}", 201);
        var answer = await ana.AnsweredAsync("#script tokens=1 delay=0  two\n lines ", empty.GetProperty("id").GetString());
        Assert.Equal("#script tokens=1 delay=0 two lines", await TitleAsync(ana, answer.ConversationId));
        await ana.AnsweredAsync("#script tokens=1 another", answer.ConversationId);
        Assert.Equal("#script tokens=1 delay=0 two lines", await TitleAsync(ana, answer.ConversationId));
    }

    [Fact]
    public async Task Title_Given_Wins()
    {
        using var ana = server.NewUser();
        var given = await ana.JsonAsync("POST", "/api/v1/conversations", new { title = "Mine" }, 201);
        await ana.AnsweredAsync("#script tokens=1", given.GetProperty("id").GetString());
        Assert.Equal("Mine", await TitleAsync(ana, given.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task Title_OfAMonstrousCharacter_IsStillText()
    {
        // A truncated title must not split a character.
        using var ana = server.NewUser();
        var begun = await ana.AnsweredAsync("🙂" + new string('\u0301', 5000) + " hello");
        var title = await TitleAsync(ana, begun.ConversationId);
        Assert.DoesNotContain('\uFFFD', title);
        Assert.StartsWith("🙂", title, StringComparison.Ordinal);
        Assert.EndsWith("hello", title, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rename_ChangesTheTitleAndNothingElse()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=1");
        var before = await ana.GetAsync($"/api/v1/conversations/{answer.ConversationId}");
        foreach (var title in new[] { "Neu 🙂 \"quoted\" <b>", new string('x', 200), string.Concat(Enumerable.Repeat("👨‍👩‍👧‍👦", 200)) })
        {
            var renamed = await ana.JsonAsync("PATCH", $"/api/v1/conversations/{answer.ConversationId}", new { title });
            Assert.Equal(title, renamed.GetProperty("title").GetString());
            Assert.Equal(renamed.ToString(), (await ana.GetAsync($"/api/v1/conversations/{answer.ConversationId}")).ToString());
            Assert.Equal(before.GetProperty("updatedAt").GetString(), renamed.GetProperty("updatedAt").GetString());
        }
    }

    [Theory]
    [InlineData(null, "text_required")]
    [InlineData("", "text_required")]
    [InlineData("  \t ", "text_required")]
    [InlineData("\u200B\u202E", "text_required")]
    [InlineData("xxxxxxxxxx", "title_too_long")]
    public async Task Rename_BadTitle_Is400(string? title, string code)
    {
        using var ana = server.NewUser();
        var created = await ana.JsonAsync("POST", "/api/v1/conversations", new { title = "Kept" }, 201);
        if (code == "title_too_long")
        {
            title = string.Concat(Enumerable.Repeat(title, 1000))[..201];
        }

        await ana.RefusedAsync(400, code, "PATCH", $"/api/v1/conversations/{created.GetProperty("id").GetString()}", new { title });
        if (title is not null)
        {
            await ana.RefusedAsync(400, code, "POST", "/api/v1/conversations", new { title });
        }

        await ana.RefusedAsync(
            400,
            "title_too_long",
            "PATCH",
            $"/api/v1/conversations/{created.GetProperty("id").GetString()}",
            new { title = "a" + new string('\u0301', 100_000) }
        );
        Assert.Equal("Kept", await TitleAsync(ana, created.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task Delete_TakesEverythingWithIt()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=2 delay=0");
        await ana.AnsweredAsync("#script tokens=2 delay=0", answer.ConversationId);
        using var deleted = await ana.SendAsync("DELETE", $"/api/v1/conversations/{answer.ConversationId}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        foreach (
            var path in new[]
            {
                $"conversations/{answer.ConversationId}",
                $"conversations/{answer.ConversationId}/messages",
                $"messages/{answer.MessageId}",
                $"generations/{answer.GenerationId}",
            }
        )
        {
            await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/{path}");
        }

        await ana.RefusedAsync(404, "not_found", "DELETE", $"/api/v1/conversations/{answer.ConversationId}");
        Assert.Equal(
            0,
            server.Tables.Count("messages", "conversation_id = @id", ("@id", answer.ConversationId))
                + server.Tables.Count("generations", "conversation_id = @id", ("@id", answer.ConversationId))
        );
        Assert.Equal(0, (await ana.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Delete_WhileAnAnswerWaitsForItsModel_StopsItAndFreesItsPlace()
    {
        using var ana = server.NewUser();
        for (var i = 0; i < 20; i++) // more than one user may have at once
        {
            await using var answer = await ana.AskAsync("#script first=600000");
            using var deleted = await ana.SendAsync("DELETE", $"/api/v1/conversations/{answer.ConversationId}");
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }
    }

    private static async Task<string> TitleAsync(TestUser user, string conversation) =>
        (await user.GetAsync($"/api/v1/conversations/{conversation}")).GetProperty("title").GetString()!;
}
