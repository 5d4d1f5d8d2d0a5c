using System.Text.Json;
using Parley.Server.Compatibility.AiSdk;
using Parley.Server.Compatibility.ChatSessions;
using Parley.Server.Compatibility.Convex;
using Parley.Server.Compatibility.OpenAI.Schemas;
using Parley.Server.Tests.Hosting;
using Parley.Server.Tests.Http;

namespace Parley.Server.Tests.Identity;

/// <summary>
/// Isolation: on every route with an id, the response for another owner's object is byte for byte that for an object that does not exist.
/// </summary>
public sealed class ForeignIsMissingTests(ParleyServer server)
{
    [Fact]
    public async Task EveryRouteWithAnId_ForeignAndMissing_AnswerTheSameBytes()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        using var anonymous = server.NewUser();
        await ben.AnsweredAsync("#script tokens=1 delay=0");
        await using var running = await ana.AskAsync("#script first=600000");
        var states = new List<ObjectIds>
        {
            await EndedAsync(ana, "#script tokens=4 delay=0"),
            await EndedAsync(ana, "#script tokens=4 error-after=2 delay=0"),
        };
        states.Add(
            states[0] with
            {
                Conversation = running.ConversationId,
                Message = (await running.NextAsync())!["messageId"]!,
                Generation = running.GenerationId,
                Session = await WaitingAsync(ana),
            }
        );
        var name = $"chat-{Guid.NewGuid():N}"; // the client's name for a chat identifies it, too
        await ana.JsonAsync(
            "POST",
            "/chat/start",
            new
            {
                modelId = "scripted",
                prompt = "x",
                chatId = name,
            },
            201
        );
        states.Add(states[0] with { Conversation = name });
        var before = await HersAsync(ana);

        var routes = Route.All(server).Where(route => route.HasId).ToList();
        Assert.True(routes.Count >= 25);
        foreach (var route in routes)
        {
            foreach (var foreign in states)
            {
                foreach (var asking in new[] { ben, anonymous })
                {
                    var body = route.HasBody ? JsonSerializer.Serialize(route.GoodBody(foreign)) : null;
                    var unknown = route.Line.Id == IdOf.Response ? $"resp_{Guid.NewGuid():N}" : Unknown();
                    using var missing = await asking.SendAsync(route.Method, route.Path(unknown), body);
                    await MissingObjectResponse.AssertAsync(route, missing);
                    var expected = await MissingObjectResponse.BytesAsync(missing, unknown);
                    foreach (var id in foreign.Ids)
                    {
                        using var response = await asking.SendAsync(route.Method, route.Path(id), body);
                        Assert.Equal(expected, await MissingObjectResponse.BytesAsync(response, id));
                    }
                }
            }
        }

        Assert.Equal(before, await HersAsync(ana));
        Assert.Equal("running", (await ana.GetAsync($"/api/v1/generations/{running.GenerationId}")).GetProperty("status").GetString());
    }

    /// <summary>Members whose names end in Id but identify nothing that is stored: labels, and a model.</summary>
    private static readonly string[] Names = ["projectId", "taskId", "modelId"];

    /// <summary>
    /// Expected statuses other than 404. An unknown chat is created under the name that the client gave it, because names are unique per
    /// owner.
    /// </summary>
    private static readonly Dictionary<(Type Body, string Member), int> Answers = new()
    {
        [(typeof(StartChat.Request), "chatId")] = 201,
        [(typeof(AiSdkChat.Request), "id")] = 200,
        [(typeof(AiSdkChat.Request), "messageId")] = 200,
        [(typeof(PostV1Chat.Request), "id")] = 200,
        [(typeof(PostV1Chat.Request), "conversationId")] = 200,
        [(typeof(PostV1Chat.Request), "messageId")] = 200,
        [(typeof(PostV1Chat.Request), "agentId")] = 400,
        [(typeof(CreateResponseRequest), "previous_response_id")] = 400,
        [(typeof(Parley.Server.Compatibility.ChatRows.CreateChatConversation.Request), "user_id")] = 403,
        [(typeof(CreateStreamChat.Request), "user_id")] = 403,
        [(typeof(DriveStreamChat.Request), "streamId")] = 205,
    };

    [Fact]
    public async Task EveryIdInABody_ForeignAndMissing_AnswerTheSameBytes()
    {
        using var ana = server.NewUser();
        var foreign = await EndedAsync(ana, "#script tokens=1 delay=0");
        var (before, anaId) = (await HersAsync(ana), await ana.IdAsync());
        var members = 0;
        foreach (var route in Route.All(server))
        {
            foreach (
                var member in route
                    .Members.Select(Route.NameOf)
                    .Where(name =>
                        (name is "id" || name.EndsWith("Id", StringComparison.Ordinal) || name.EndsWith("_id", StringComparison.Ordinal))
                        && !Names.Contains(name)
                    )
            )
            {
                members++;
                using var ben = server.NewUser(); // a new user each time, because the requests create chats under these names
                var own = await EndedAsync(ben, "#script tokens=1 delay=0");
                async Task<string> WithAsync(string id)
                {
                    var body = route.GoodBody(own);
                    if (member == "parentId" && route.Members.Any(other => Route.NameOf(other) == "conversationId"))
                    {
                        body["conversationId"] = own.Conversation;
                    }

                    body[member] = id;
                    using var response = await ben.SendAsync(route.Method, route.Path(own), JsonSerializer.Serialize(body));
                    var bytes = await MissingObjectResponse.BytesAsync(response, id);
                    Assert.True(
                        bytes.StartsWith(
                            Answers.GetValueOrDefault((route.Body!, member), 404).ToString(null, null),
                            StringComparison.Ordinal
                        ),
                        $"{route.Name} {member}: {bytes}"
                    );
                    // A response may repeat what the client sent, and nothing else.
                    Assert.DoesNotContain(foreign.Ids.Append(anaId), hers => bytes.Contains(hers, StringComparison.Ordinal));
                    return response.IsSuccessStatusCode ? MissingObjectResponse.WithoutOwn(bytes) : bytes;
                }

                var expected = await WithAsync(member == "previous_response_id" ? $"resp_{Guid.NewGuid():N}" : Unknown());
                foreach (var id in foreign.Ids.Append(anaId))
                {
                    Assert.Equal(expected, await WithAsync(id));
                }
            }
        }

        Assert.True(members >= 15);
        Assert.Equal(before, await HersAsync(ana));
    }

    /// <summary>Regenerating in the caller's own conversation, with the id of another user's message.</summary>
    [Fact]
    public async Task Regenerate_AMessageOfAnotherUser_IsAnsweredAsAMissingOne()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        var foreign = await EndedAsync(ana, "#script tokens=1 delay=0");
        foreach (var path in new[] { "/api/chat", "/api/v1/chat" })
        {
            async Task<string> WithAsync(string messageId)
            {
                var own = await EndedAsync(ben, "#script tokens=1 delay=0");
                using var response = await ben.SendAsync(
                    "POST",
                    path,
                    new
                    {
                        id = own.Conversation,
                        trigger = "regenerate-message",
                        messageId,
                        messages = new[]
                        {
                            new
                            {
                                id = messageId,
                                role = "user",
                                parts = new[] { new { type = "text", text = "x" } },
                            },
                        },
                    }
                );
                var bytes = await MissingObjectResponse.BytesAsync(response, messageId);
                Assert.DoesNotContain(foreign.Ids, id => bytes.Contains(id, StringComparison.Ordinal));
                return MissingObjectResponse.WithoutOwn(bytes);
            }

            var expected = await WithAsync(Unknown());
            Assert.Equal(expected, await WithAsync(foreign.Message));
        }
    }

    /// <summary>A reference to an item of another user's Response, in a Response of the caller.</summary>
    [Fact]
    public async Task ItemReference_OfAnotherUser_IsAnsweredAsAMissingOne()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        await ben.IdAsync();
        async Task<string> ItemOfAsync(TestUser user)
        {
            var response = await user.JsonAsync("POST", "/v1/responses", new { model = "scripted", input = "#script tokens=1 delay=0" });
            return response.GetProperty("output")[0].GetProperty("id").GetString()!;
        }

        async Task<string> WithAsync(string id)
        {
            using var response = await ben.SendAsync(
                "POST",
                "/v1/responses",
                new
                {
                    model = "scripted",
                    input = new object[]
                    {
                        new { type = "item_reference", id },
                        new { role = "user", content = "#script tokens=1 delay=0" },
                    },
                }
            );
            return await MissingObjectResponse.BytesAsync(response, id);
        }

        var foreign = await ItemOfAsync(ana);
        var expected = await WithAsync($"msg_{Guid.NewGuid():N}_0");
        Assert.StartsWith("4", expected, StringComparison.Ordinal);
        Assert.Equal(expected, await WithAsync(foreign));
        Assert.StartsWith("200", await WithAsync(await ItemOfAsync(ben)), StringComparison.Ordinal);
    }

    private static string Unknown() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString();

    /// <summary>A conversation with an answer, and a session whose answer has ended.</summary>
    private static async Task<ObjectIds> EndedAsync(TestUser user, string script)
    {
        var answer = await user.AnsweredAsync(script);
        var session = await WaitingAsync(user, script);
        await using var stream = await user.StreamAsync("GET", $"/chat/stream?sessionId={session}");
        await stream.ToEndAsync();
        var response = await user.JsonAsync("POST", "/v1/responses", new { model = "scripted", input = "#script tokens=1 delay=0" });
        var chat = await user.JsonAsync("POST", "/chat-stream/create", new { prompt = script, model = "scripted" }, 201);
        return new ObjectIds(
            answer.ConversationId,
            answer.MessageId,
            answer.GenerationId,
            session,
            response.GetProperty("id").GetString()!,
            chat.GetProperty("chatId").GetString()!,
            chat.GetProperty("streamId").GetString()!
        );
    }

    private static async Task<string> WaitingAsync(TestUser user, string prompt = "x") =>
        (await user.JsonAsync("POST", "/chat/start", new { modelId = "scripted", prompt }, 201)).GetProperty("sessionId").GetString()!;

    /// <summary>Everything that is stored for this user.</summary>
    private async Task<List<string>> HersAsync(TestUser user)
    {
        var id = await user.IdAsync();
        return
        [
            .. server.Tables.Query(
                "SELECT id || title || message_count || updated_at || coalesce(CAST(archived_at AS TEXT), '') FROM conversations WHERE owner_id = @id ORDER BY id",
                row => row.GetString(0),
                ("@id", id)
            ),
            .. server.Tables.Query(
                "SELECT id || status || content FROM messages WHERE owner_id = @id ORDER BY id",
                row => row.GetString(0),
                ("@id", id)
            ),
            .. server.Tables.Query(
                "SELECT id || coalesce(generation_id, '') FROM chat_sessions WHERE owner_id = @id ORDER BY id",
                row => row.GetString(0),
                ("@id", id)
            ),
        ];
    }
}
