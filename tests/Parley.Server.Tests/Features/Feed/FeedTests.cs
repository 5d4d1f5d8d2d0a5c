using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Feed;

/// <summary><c>GET /api/v1/feed</c>: lists are live without polling.</summary>
public sealed class FeedTests(ParleyServer server)
{
    [Fact]
    public async Task Feed_SaysHelloThenWhatChanges()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        await using var feed = await ana.StreamAsync("GET", "/api/v1/feed");
        Assert.Equal("hello", (await feed.NextAsync())!.Type);

        var id = (await ana.JsonAsync("POST", "/api/v1/conversations", new { title = "One" }, 201)).GetProperty("id").GetString()!;
        Assert.Equal("One", (await ConversationAsync(feed, id)).GetProperty("title").GetString());

        await ana.JsonAsync("PATCH", $"/api/v1/conversations/{id}", new { title = "Two" });
        Assert.Equal("Two", (await ConversationAsync(feed, id)).GetProperty("title").GetString());

        await using var answer = await ana.AskAsync("#script first=600000", id);
        var running = (await ConversationAsync(feed, id)).GetProperty("running");
        Assert.Equal(answer.GenerationId, running[0].GetProperty("generationId").GetString());

        await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop");
        var ended = await ConversationAsync(feed, id);
        Assert.Equal((0, 2), (ended.GetProperty("running").GetArrayLength(), ended.GetProperty("messageCount").GetInt32()));
        Assert.Equal((await ana.GetAsync($"/api/v1/conversations/{id}")).ToString(), ended.ToString());

        await ana.JsonAsync("POST", $"/api/v1/conversations/{id}/messages", new { role = "user", content = "said" }, 201);
        Assert.Equal("said", (await ConversationAsync(feed, id)).GetProperty("lastMessagePreview").GetString());

        using var deleted = await ana.SendAsync("DELETE", $"/api/v1/conversations/{id}");
        var gone = await feed.NextAsync();
        Assert.Equal(("conversation-deleted", id), (gone!.Type, gone["id"]));
    }

    [Fact]
    public async Task Feed_OfTwoDevices_BothHearIt()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        using var phone = ana.OnOtherDevice();
        await using var one = await ana.StreamAsync("GET", "/api/v1/feed");
        await using var two = await phone.StreamAsync("GET", "/api/v1/feed");
        await one.NextAsync();
        await two.NextAsync();
        var answer = await ana.AnsweredAsync("#script tokens=1");
        Assert.Equal(answer.ConversationId, (await ConversationAsync(one, answer.ConversationId)).GetProperty("id").GetString());
        Assert.Equal(answer.ConversationId, (await ConversationAsync(two, answer.ConversationId)).GetProperty("id").GetString());
    }

    [Fact]
    public async Task Feed_OfAnotherUser_StaysSilent()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        await ana.IdAsync();
        await ben.IdAsync();
        await using var feed = await ben.StreamAsync("GET", "/api/v1/feed");
        await feed.NextAsync();
        await ana.AnsweredAsync("#script tokens=1 delay=0");
        var own = await ben.JsonAsync("POST", "/api/v1/conversations", "{}", 201);
        Assert.Equal(
            own.GetProperty("id").GetString(),
            (await feed.NextAsync())!.Json.GetProperty("conversation").GetProperty("id").GetString()
        );
    }

    [Fact]
    public async Task Feed_WithoutIdentity_Is401()
    {
        using var anonymous = server.NewUser();
        await anonymous.RefusedAsync(401, "no_identity", "GET", "/api/v1/feed");
    }

    [Fact]
    public async Task Feed_Silence_BringsHeartbeats()
    {
        await using var own = await ParleyServer.StartAsync(("Streams:Heartbeat", "00:00:01"));
        using var ana = own.NewUser();
        await ana.IdAsync();
        await using var feed = await ana.StreamAsync("GET", "/api/v1/feed");
        await feed.UntilCommentAsync(2);
        Assert.All(feed.Comments, comment => Assert.Equal("hb", comment));
    }

    /// <summary>The next event that tells of a conversation.</summary>
    private static async Task<JsonElement> ConversationAsync(EventStream feed, string id)
    {
        var next = await feed.NextAsync();
        Assert.Equal("conversation", next!.Type);
        var conversation = next.Json.GetProperty("conversation");
        Assert.Equal(id, conversation.GetProperty("id").GetString());
        return conversation;
    }
}
