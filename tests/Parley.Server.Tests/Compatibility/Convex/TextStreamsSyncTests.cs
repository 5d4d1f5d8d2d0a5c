using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Parley.Server.Generations;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.Convex;

/// <summary>The sync socket of Convex clients: queries that are live, mutations that are seen, and versions that add up.</summary>
public sealed class TextStreamsSyncTests(ParleyServer server)
{
    private const string Short = "#script tokens=8 delay=0";

    [Fact]
    public async Task Queries_AddedAndRemoved_AreToldInOneTransitionEach()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short, "One");
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var row = await sync.AddAsync("ai_chat:getChat", new { chatId = chat.ChatId });
        var list = await sync.AddAsync("ai_chat:listChats", new { limit = 5 });
        var body = await sync.AddAsync("ai_chat:getChatBody", new { streamId = chat.StreamId });
        Assert.Equal((await chat.RowAsync()).ToString(), sync.Results[row].Value.ToString());
        Assert.Equal(1, sync.Results[list].Value!.Value.GetArrayLength());
        Assert.Equal(("", "pending"), SyncClient.BodyOf(sync.Results[body].Value));
        Assert.Equal((4u, 0u), (sync.Version.QuerySet, sync.Version.Identity));

        await sync.RemoveAsync(list);
        Assert.Equal(["Transition", "Transition", "Transition", "Transition", "Transition"], sync.Types);
        await chat.DrivenAsync();
        await sync.UntilAsync(() =>
            SyncClient.BodyOf(sync.Results[body].Value).Status == "done"
            && sync.Results[row].Value!.Value.GetProperty("status").GetString() == "completed"
        );
        Assert.False(sync.Results.ContainsKey(list));
        await sync.CloseAsync();
    }

    [Fact]
    public async Task Queries_SeveralAtOnce_AreOneTransition()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        await sync.ModifyAsync(
            new
            {
                type = "Add",
                queryId = 7,
                udfPath = "x:getChat",
                args = new[] { new { chatId = chat.ChatId } },
            },
            new
            {
                type = "Add",
                queryId = 9,
                udfPath = "x:getChatBody",
                args = new[] { new { streamId = chat.StreamId } },
            },
            new
            {
                type = "Add",
                queryId = 8,
                udfPath = "x:nothing",
                args = new[] { new { } },
            }
        );
        var transition = await sync.TransitionAsync();
        Assert.Equal(
            [7, 8, 9],
            transition.GetProperty("modifications").EnumerateArray().Select(modification => modification.GetProperty("queryId").GetInt32())
        );
        Assert.Equal("no_such_function", sync.Results[8].Error);

        await sync.ModifyAsync(
            new { type = "Remove", queryId = 8 },
            new
            {
                type = "Add",
                queryId = 8,
                udfPath = "x:listChats",
                args = new[] { new { } },
            }
        );
        await sync.TransitionAsync();
        Assert.Equal(1, sync.Results[8].Value!.Value.GetArrayLength());
    }

    [Fact]
    public async Task Query_ThatFails_IsToldWithItsReason()
    {
        using var ana = server.NewUser();
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        foreach (
            var (path, args, code) in new (string, object, string)[]
            {
                ("x:getChatBody", new { streamId = Guid.NewGuid().ToString() }, "not_found"),
                ("x:getChatBody", new { }, "required"),
                ("x:listChats", new { user_id = "another-user" }, "not_yours"),
                ("x:createChat", new { prompt = "x" }, "no_such_function"),
                ("default", new { }, "no_such_function"),
            }
        )
        {
            Assert.Equal(code, sync.Results[await sync.AddAsync(path, args)].Error);
        }
    }

    [Fact]
    public async Task Body_IsLiveThroughItsLife()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        await using var sync = await SyncClient.ConnectedAsync(own, ana);
        var id = await sync.AddAsync("ai_chat:getChatBody", new { streamId = chat.StreamId });
        using var driving = await chat.DriveAsync();
        await model.WhenAskedAsync();
        foreach (var (word, text) in new[] { ("Grüße ", "Grüße "), ("👩‍💻", "Grüße 👩‍💻") })
        {
            model.Say(word);
            await sync.TransitionAsync();
            Assert.Equal((text, "streaming"), SyncClient.BodyOf(sync.Results[id].Value));
        }

        model.End();
        await sync.TransitionAsync();
        Assert.Equal(("Grüße 👩‍💻", "done"), SyncClient.BodyOf(sync.Results[id].Value));
        Assert.Equal(4, sync.Updates[id]);
    }

    [Fact]
    public async Task Body_IsPacedAndSoon()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "#script tokens=300 delay=3");
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var id = await sync.AddAsync("ai_chat:getChatBody", new { streamId = chat.StreamId });
        var since = Stopwatch.GetTimestamp();
        using var driving = await chat.DriveAsync();
        await sync.UntilAsync(() => SyncClient.BodyOf(sync.Results[id].Value).Status == "done");
        var took = Stopwatch.GetElapsedTime(since);
        Assert.InRange(sync.Updates[id], 5, (int)(took.TotalMilliseconds / 50) + 3);
        Assert.Equal(await chat.BodyAsync(), SyncClient.BodyOf(sync.Results[id].Value));
    }

    [Fact]
    public async Task Body_OfMegabytes_ComesWhole()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "#script tokens=2500 size=1024 delay=0");
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var id = await sync.AddAsync("x:getChatBody", new { streamId = chat.StreamId });
        var driving = chat.DrivenAsync();
        await sync.UntilAsync(() => SyncClient.BodyOf(sync.Results[id].Value).Status == "done");
        Assert.Equal(2500 * 1024, Encoding.UTF8.GetByteCount(await driving));
        Assert.Equal(await driving, SyncClient.BodyOf(sync.Results[id].Value).Text);
        Assert.InRange(sync.Updates[id], 2, 12);
    }

    [Fact]
    public async Task Body_WithoutADriver_TimesOut()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Hello");
        await chat.ExpireAtAsync(server, TimeProvider.System.GetUtcNow().AddMilliseconds(400));
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var body = await sync.AddAsync("x:getChatBody", new { streamId = chat.StreamId });
        var row = await sync.AddAsync("x:getChat", new { chatId = chat.ChatId });
        var list = await sync.AddAsync("x:listChats", new { });
        Assert.Equal("pending", sync.Results[row].Value!.Value.GetProperty("status").GetString());
        await sync.UntilAsync(() =>
            SyncClient.BodyOf(sync.Results[body].Value).Status == "timeout"
            && sync.Results[row].Value!.Value.GetProperty("status").GetString() == "error"
            && sync.Results[list].Value!.Value[0].GetProperty("status").GetString() == "error"
        );
    }

    [Fact]
    public async Task Rows_AreLive()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var list = await sync.AddAsync("x:listChats", new { });
        Assert.Equal(0, sync.Results[list].Value!.Value.GetArrayLength());

        // made elsewhere
        var chat = await StreamChat.CreateAsync(ana, Short, "One");
        await sync.UntilAsync(() => sync.Results[list].Value!.Value.GetArrayLength() == 1);
        var row = await sync.AddAsync("x:getChat", new { chatId = chat.ChatId });
        await ana.JsonAsync("PATCH", $"/api/v1/conversations/{chat.ChatId}", new { title = "Two" });
        await sync.UntilAsync(() =>
            TitleOf(sync.Results[row].Value!.Value) == "Two" && TitleOf(sync.Results[list].Value!.Value[0]) == "Two"
        );
        await chat.DrivenAsync();
        await sync.UntilAsync(() => sync.Results[row].Value!.Value.GetProperty("status").GetString() == "completed");
        using var deleted = await ana.SendAsync("DELETE", $"/chat-stream/chats/{chat.ChatId}");
        await sync.UntilAsync(() =>
            sync.Results[row].Value!.Value.ValueKind == JsonValueKind.Null && sync.Results[list].Value!.Value.GetArrayLength() == 0
        );
    }

    [Fact]
    public async Task Rows_WithoutAChange_AreNotToldAgain()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        var other = await StreamChat.CreateAsync(ana, Short);
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var row = await sync.AddAsync("x:getChat", new { chatId = chat.ChatId });
        var list = await sync.AddAsync("x:listChats", new { });
        await sync.MutateAsync("x:updateChatStatus", new { chatId = other.ChatId, status = "error" });
        Assert.Equal((1, 2), (sync.Updates[row], sync.Updates[list]));
        await sync.MutateAsync("x:updateChatStatus", new { chatId = other.ChatId, status = "error" });
        Assert.Equal((1, 2), (sync.Updates[row], sync.Updates[list]));
    }

    [Fact]
    public async Task Mutation_IsAnsweredBeforeTheTransitionThatShowsIt()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var list = await sync.AddAsync("x:listChats", new { });
        for (var i = 1; i <= 5; i++)
        {
            // MutateAsync checks the timestamps; the very next transition has it.
            var (chatId, streamId) = await sync.CreateAsync(Short, $"Chat {i}");
            Assert.Equal(i, sync.Results[list].Value!.Value.GetArrayLength());
            Assert.Contains(sync.Results[list].Value!.Value.EnumerateArray(), row =>
                row.GetProperty("_id").GetString() == chatId && row.GetProperty("stream_id").GetString() == streamId
            );
        }

        Assert.Equal(["MutationResponse", "Transition"], sync.Types.TakeLast(2));
    }

    [Fact]
    public async Task Mutation_WithoutAnyQuery_IsFollowedByATransitionToo()
    {
        using var ana = server.NewUser();
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        await sync.CreateAsync(Short);
        Assert.Equal(["Transition", "MutationResponse", "Transition"], sync.Types);
    }

    [Fact]
    public async Task Mutation_ThatFails_SaysWhy()
    {
        using var ana = server.NewUser();
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        foreach (
            var (path, args, code) in new (string, object, string)[]
            {
                ("x:createChat", new { prompt = "" }, "text_required"),
                ("x:createChat", new { prompt = "a\0b" }, "invalid_text"),
                ("x:createChat", new { prompt = "x", user_id = "another-user" }, "not_yours"),
                ("x:getChat", new { chatId = "x" }, "no_such_function"),
                ("x:updateChatStatus", new { chatId = "x", status = "error" }, "not_found"),
            }
        )
        {
            var response = await sync.MutateAsync(path, args);
            Assert.Equal(code, response.GetProperty("errorData").GetProperty("code").GetString());
            Assert.NotEmpty(response.GetProperty("result").GetString()!);
        }

        Assert.Equal("no_such_function", await ActAsync(sync, 99));

        // Half of a character is refused, and the connection stays open.
        await sync.SendAsync("""{"type":"Mutation","requestId":100,"udfPath":"x:createChat","args":[{"prompt":"\ud800"}]}""");
        Assert.False((await sync.ResponseAsync("MutationResponse", 100)).GetProperty("success").GetBoolean());
        await sync.CreateAsync(Short);
    }

    [Fact]
    public async Task Mutation_SentAgainAfterAReconnect_CountsOnce()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        var session = Guid.NewGuid().ToString();
        JsonElement first;
        await using (var sync = await SyncClient.ConnectedAsync(server, ana, session: session))
        {
            first = await sync.MutateAsync("x:createChat", new { prompt = Short, title = "Once" }, request: 3);
        }

        await using var again = await SyncClient.ConnectedAsync(server, ana, session: session);
        Assert.Equal(
            first.GetProperty("result").ToString(),
            (await again.MutateAsync("x:createChat", new { prompt = Short, title = "Once" }, request: 3)).GetProperty("result").ToString()
        );
        Assert.NotEqual(
            first.GetProperty("result").ToString(),
            (await again.MutateAsync("x:createChat", new { prompt = Short, title = "Once" }, request: 4)).GetProperty("result").ToString()
        );
        Assert.Equal(2, (await ana.GetAsync("/chat-stream/chats")).GetProperty("chats").GetArrayLength());

        // another session, and another user under the same names, are others
        using var ben = server.NewUser();
        await using var foreign = await SyncClient.ConnectedAsync(server, ben, session: session);
        Assert.NotEqual(
            first.GetProperty("result").ToString(),
            (await foreign.MutateAsync("x:createChat", new { prompt = Short }, request: 3)).GetProperty("result").ToString()
        );

        // and so is deleting again
        var chatId = first.GetProperty("result").GetProperty("chatId").GetString();
        for (var i = 0; i < 2; i++)
        {
            Assert.True((await again.MutateAsync("x:deleteChat", new { chatId })).GetProperty("success").GetBoolean());
        }
    }

    [Fact]
    public async Task Timestamps_GoOnWhereTheClientWas()
    {
        using var ana = server.NewUser();
        await using var sync = await SyncClient.OpenAsync(server, ana);
        var ahead = (ulong)(TimeProvider.System.GetUtcNow().AddMinutes(5) - DateTimeOffset.UnixEpoch).Ticks * 100;
        await sync.ConnectAsync(observed: ahead);
        Assert.Equal(ahead + 1, sync.Version.Timestamp);
        await sync.CreateAsync(Short);
        Assert.True(sync.Version.Timestamp > ahead + 1);
    }

    [Fact]
    public async Task Delete_WhileItIsWatched_FailsTheQuery()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        await using var sync = await SyncClient.ConnectedAsync(own, ana);
        var id = await sync.AddAsync("x:getChatBody", new { streamId = chat.StreamId });
        using var driving = await chat.DriveAsync();
        model.Say("one");
        await sync.UntilAsync(() => SyncClient.BodyOf(sync.Results[id].Value).Text == "one");
        await sync.MutateAsync("x:deleteChat", new { chatId = chat.ChatId });
        await sync.UntilAsync(() => sync.Results[id].Error is not null);
        Assert.Equal("not_found", sync.Results[id].Error);
        Assert.Empty(own.Errors);
    }

    [Fact]
    public async Task Delete_AfterTheEnd_FailsTheQuery()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        await chat.DrivenAsync();
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var id = await sync.AddAsync("x:getChatBody", new { streamId = chat.StreamId });
        await sync.MutateAsync("x:deleteChat", new { chatId = chat.ChatId });
        await sync.UntilAsync(() => sync.Results[id].Error is not null);
    }

    [Fact]
    public async Task Identity_WithoutACookie_ComesWithTheHandshake()
    {
        using var ana = server.NewUser();
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        Assert.NotNull(ana.Cookies.GetCookies(server.Address)["parley.id"]);
        var (chatId, _) = await sync.CreateAsync(Short);
        Assert.Equal(await ana.IdAsync(), (await ana.GetAsync($"/chat-stream/chats/{chatId}")).GetProperty("user_id").GetString());
    }

    [Fact]
    public async Task Identity_ByABearerTokenInTheHandshake_IsItsOwners()
    {
        const string Token = "sync-handshake-token-0123456789";
        await using var sync = await SyncClient.ConnectedAsync(server, token: Token);
        Assert.Equal(0, sync.Cookies.Count);
        var (chatId, _) = await sync.CreateAsync(Short);
        using var program = server.NewUser();
        await program.JsonAsync("GET", $"/chat-stream/chats/{chatId}", null, 200, ("Authorization", $"Bearer {Token}"));
    }

    [Fact]
    public async Task Authenticate_AsksEveryQueryAnew()
    {
        using var ana = server.NewUser();
        var hers = await StreamChat.CreateAsync(ana, Short, "Hers");
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        var list = await sync.AddAsync("x:listChats", new { });
        var body = await sync.AddAsync("x:getChatBody", new { streamId = hers.StreamId });
        Assert.Null(sync.Results[body].Error);

        var token = $"sync-token-{Guid.NewGuid()}";
        await sync.AuthenticateAsync(token);
        await sync.TransitionAsync();
        Assert.Equal((3u, 1u), (sync.Version.QuerySet, sync.Version.Identity));
        Assert.Equal(0, sync.Results[list].Value!.Value.GetArrayLength());
        Assert.Equal("not_found", sync.Results[body].Error);

        // From here on it acts, and is told what changes, as that user.
        var (chatId, _) = await sync.CreateAsync(Short, "The program's");
        Assert.Equal(chatId, Assert.Single(sync.Results[list].Value!.Value.EnumerateArray()).GetProperty("_id").GetString());
        using var program = server.NewUser();
        await program.JsonAsync("POST", "/chat-stream/create", new { prompt = Short }, 201, ("Authorization", $"Bearer {token}"));
        await sync.UntilAsync(() => sync.Results[list].Value!.Value.GetArrayLength() == 2);

        await sync.AuthenticateAsync(null);
        await sync.UntilAsync(() => sync.Version.Identity == 2);
        Assert.Equal(hers.ChatId, Assert.Single(sync.Results[list].Value!.Value.EnumerateArray()).GetProperty("_id").GetString());
        Assert.Equal(("", "pending"), SyncClient.BodyOf(sync.Results[body].Value));
    }

    [Fact]
    public async Task Authenticate_WithARefusedToken_IsAnAuthError()
    {
        await using var own = await ParleyServer.StartAsync(("Identity:BearerTokens:0", "the-accepted-token-0123456789"));
        foreach (var token in new[] { "another-token-0123456789", "", "with space", "umläut", new string('x', 9000) })
        {
            await using var sync = await SyncClient.ConnectedAsync(own);
            await sync.AuthenticateAsync(token);
            var error = await sync.NextAsync();
            Assert.Equal(
                ("AuthError", 0u, true),
                (
                    error.GetProperty("type").GetString(),
                    error.GetProperty("baseVersion").GetUInt32(),
                    error.GetProperty("authUpdateAttempted").GetBoolean()
                )
            );
            Assert.Equal(1008, (await sync.ClosedAsync()).Status);
        }

        await using var accepted = await SyncClient.ConnectedAsync(own);
        await accepted.AuthenticateAsync("the-accepted-token-0123456789");
        await accepted.TransitionAsync();
        Assert.Equal(1u, accepted.Version.Identity);
    }

    [Fact]
    public async Task Handshake_OfAPageElsewhere_IsRefused()
    {
        await using var own = await ParleyServer.StartAsync(("Cors:Origins:0", "https://app.example.org"));
        using var ana = own.NewUser();
        foreach (
            var (origin, isAllowed) in new[]
            {
                ("https://evil.example.org", false),
                ("null", false),
                ("", false),
                ("http://127.0.0.1", false),
                ($"http://{own.Address.Authority}.example.org", false),
                (own.Address.GetLeftPart(UriPartial.Authority), true),
                ($"https://{own.Address.Authority}", true),
                ("https://app.example.org", true),
            }
        )
        {
            await using var sync = await SyncClient.OpenAsync(own, ana, null, ("Origin", origin));
            Assert.True((sync.Refused is null) == isAllowed, origin);
            if (!isAllowed)
            {
                Assert.Equal(HttpStatusCode.Forbidden, sync.Refused);
            }
        }
    }

    [Fact]
    public async Task Handshake_WithoutAWebSocket_SaysWhatIsNeeded()
    {
        using var ana = server.NewUser();
        await ana.RefusedAsync(426, "websocket_required", "GET", "/api/1.48.0/sync");
        Assert.Equal(0, ana.Cookies.Count);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"type":5}""")]
    [InlineData("""{"type":"Nothing"}""")]
    [InlineData("""{"type":"Connect","sessionId":"again"}""")]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":0,"newVersion":2,"modifications":[]}""")]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":1,"newVersion":1,"modifications":[]}""")]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":-1,"newVersion":2,"modifications":[]}""")]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2}""")]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2,"modifications":[null]}""")]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2,"modifications":[{"type":"Remove","queryId":5}]}""")]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2,"modifications":[{"type":"Add","queryId":5}]}""")]
    [InlineData(
        """{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2,"modifications":[{"type":"Add","queryId":5,"udfPath":"x:listChats","args":[5]}]}"""
    )]
    [InlineData(
        """{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2,"modifications":[{"type":"Add","queryId":5,"udfPath":"x:a","args":[{}]},{"type":"Add","queryId":5,"udfPath":"x:a","args":[{}]}]}"""
    )]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2,"modifications":[{"type":"Change","queryId":5}]}""")]
    [InlineData("""{"type":"Mutation","udfPath":"x:createChat","args":[{}]}""")]
    [InlineData("""{"type":"Mutation","requestId":1,"args":[{}]}""")]
    [InlineData("""{"type":"Mutation","requestId":1,"udfPath":"x:createChat","args":"a"}""")]
    [InlineData("""{"type":"Mutation","requestId":4294967296,"udfPath":"x:createChat","args":[{}]}""")]
    [InlineData("""{"type":"Action","udfPath":"x:doIt"}""")]
    [InlineData("""{"type":"Authenticate","tokenType":"User","value":"good-token-0123456789","baseVersion":1}""")]
    [InlineData("""{"type":"Authenticate","tokenType":"Admin","value":"key","baseVersion":0}""")]
    [InlineData("""{"type":"Authenticate","tokenType":"User"}""")]
    public async Task Message_AgainstTheProtocol_IsFatal(string message)
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        await sync.SendAsync(message);
        var (status, last) = await sync.ClosedAsync();
        Assert.Equal(1008, status);
        Assert.Equal("FatalError", last!.Value.GetProperty("type").GetString());
        Assert.NotEmpty(last.Value.GetProperty("error").GetString()!);
        await UnharmedAsync();
    }

    [Fact]
    public async Task Message_Nested1000Deep_IsFatal()
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        await sync.SendAsync("""{"type":"Event","event":""" + new string('[', 1000) + new string(']', 1000) + "}");
        Assert.Equal(1008, (await sync.ClosedAsync()).Status);
        await UnharmedAsync();
    }

    [Theory]
    [InlineData("""{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[]}""")]
    [InlineData("""{"type":"Event","eventType":"x","event":{}}""")]
    [InlineData("""{"type":"Connect","sessionId":"x","maxObservedTimestamp":"AAAA"}""")]
    [InlineData("""{"type":"Connect","sessionId":"x","maxObservedTimestamp":"//////////8="}""")]
    [InlineData("""{"type":"Connect","sessionId":"x","maxObservedTimestamp":"%"}""")]
    public async Task FirstMessage_IsConnectWithATimestampOrNone(string message)
    {
        await using var sync = await SyncClient.OpenAsync(server);
        await sync.SendAsync(message);
        var (status, last) = await sync.ClosedAsync();
        Assert.Equal((1008, "FatalError"), (status, last!.Value.GetProperty("type").GetString()));
    }

    [Fact]
    public async Task Event_IsTakenInSilence()
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        await sync.SendAsync("""{"type":"Event","eventType":"ClientConnect","event":[{"name":"x","startTime":1.5}]}""");
        await sync.CreateAsync(Short);
        Assert.Equal(["Transition", "MutationResponse", "Transition"], sync.Types);
    }

    [Fact]
    public async Task Message_InManyFrames_IsOneMessage()
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        var bytes = Encoding.UTF8.GetBytes(
            JsonSerializer.Serialize(
                new
                {
                    type = "Mutation",
                    requestId = 1,
                    udfPath = "x:createChat",
                    args = new[] { new { prompt = "Grüße 👩‍💻" } },
                }
            )
        );
        for (var i = 0; i < bytes.Length; i++)
        {
            await sync.SendAsync(bytes.AsMemory(i, 1), WebSocketMessageType.Text, i == bytes.Length - 1);
        }

        Assert.True((await sync.ResponseAsync("MutationResponse", 1)).GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task Message_AsLongAsAMessageMayBe_IsTaken()
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        Assert.True(
            (await sync.MutateAsync("x:createChat", new { prompt = new string('x', 1024 * 1024) })).GetProperty("success").GetBoolean()
        );
        Assert.Equal(
            "message_too_long",
            (await sync.MutateAsync("x:createChat", new { prompt = new string('x', 1024 * 1024 + 1) }))
                .GetProperty("errorData")
                .GetProperty("code")
                .GetString()
        );
    }

    [Fact]
    public async Task Message_TooLarge_ClosesWith1009()
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        var sending = Task.Run(
            async () =>
            {
                var piece = new byte[64 * 1024];
                piece.AsSpan().Fill((byte)' ');
                try
                {
                    for (var i = 0; i < 64; i++)
                    {
                        await sync.SendAsync(piece, WebSocketMessageType.Text, endOfMessage: false);
                    }
                }
                catch (WebSocketException)
                {
                    // Closed while it was sending.
                }
            },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(1009, (await sync.ClosedAsync()).Status);
        await sending;
        await UnharmedAsync();
    }

    [Fact]
    public async Task Message_ThatIsNotText_ClosesWith1003()
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        await sync.SendAsync("""{"type":"Event"}"""u8.ToArray(), WebSocketMessageType.Binary);
        Assert.Equal(1003, (await sync.ClosedAsync()).Status);
    }

    [Fact]
    public async Task Queries_TooMany_AreFatal()
    {
        using var ana = server.NewUser();
        await using var sync = await SyncClient.ConnectedAsync(server, ana);
        await sync.ModifyAsync([
            .. Enumerable
                .Range(0, 256)
                .Select(id =>
                    (object)
                        new
                        {
                            type = "Add",
                            queryId = id,
                            udfPath = "x:listChats",
                            args = new[] { new { limit = id + 1 } },
                        }
                ),
        ]);
        await sync.TransitionAsync();
        Assert.Equal(256, sync.Results.Count);
        await sync.ModifyAsync(
            new
            {
                type = "Add",
                queryId = 256,
                udfPath = "x:listChats",
                args = new[] { new { } },
            }
        );
        Assert.Equal(1008, (await sync.ClosedAsync()).Status);
    }

    [Fact]
    public async Task Queries_TooLargeTogether_AreFatal()
    {
        // 8 MiB of text that may grow, ten times: no client needs to be subscribed to the same more than once.
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync([.. model.Settings, ("Generations:MaxAnswerBytes", "16777216")]);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        using var driving = await chat.DriveAsync();
        await using var text = await driving.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 32; i++)
        {
            model.Say(new string('x', 256 * 1024));
            await text.ReadAsync(256 * 1024);
        }

        await using var sync = await SyncClient.ConnectedAsync(own, ana);
        for (var i = 0; i < 7; i++)
        {
            await sync.AddAsync("x:getChatBody", new { streamId = chat.StreamId, i });
        }

        await sync.ModifyAsync([
            .. Enumerable
                .Range(7, 3)
                .Select(id =>
                    (object)
                        new
                        {
                            type = "Add",
                            queryId = id,
                            udfPath = "x:getChatBody",
                            args = new[] { new { streamId = chat.StreamId, id } },
                        }
                ),
        ]);
        Assert.Equal(1008, (await sync.ClosedAsync()).Status);
        model.End();
    }

    [Fact]
    public async Task Query_WithLongArguments_IsFatal()
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        await sync.AddAsync("x:listChats", new { more = new string('x', 15 * 1024) });
        await sync.ModifyAsync(
            new
            {
                type = "Add",
                queryId = 1,
                udfPath = "x:listChats",
                args = new[] { new { more = new string('x', 16 * 1024) } },
            }
        );
        Assert.Equal(1008, (await sync.ClosedAsync()).Status);
    }

    [Fact]
    public async Task Silence_IsFilledWithPings()
    {
        await using var own = await ParleyServer.StartAsync(("Streams:Heartbeat", "00:00:01"));
        await using var sync = await SyncClient.ConnectedAsync(own);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("Ping", (await sync.NextAsync(withPings: true)).GetProperty("type").GetString());
        }

        await sync.CreateAsync(Short);
    }

    [Fact]
    public async Task Restart_ClosesTheSocketSoThatTheClientComesBack()
    {
        var own = await ParleyServer.StartAsync();
        await using (own)
        {
            using var ana = own.NewUser();
            using var raw = await RawConnection.OpenAsync(own);
            await raw.SendAsync(
                "GET /api/1.48.0/sync HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            );
            Assert.StartsWith("HTTP/1.1 101", await raw.ReadAsync("\r\n\r\n"), StringComparison.Ordinal);
            var since = Stopwatch.GetTimestamp();
            own.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            // A close frame of 1012 "Restarting", unmasked.
            Assert.EndsWith("\u0088\u000c\u0003\u00f4Restarting", await raw.ReadAsync("Restarting"), StringComparison.Ordinal);
            Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        }
    }

    [Fact]
    public async Task Reader_ThatDoesNotRead_IsDisconnectedAndDelaysNoOther()
    {
        await using var own = await ParleyServer.StartAsync(("Streams:WriteDeadline", "00:00:01"));
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "#script tokens=3000 size=1024 delay=1");
        using var raw = await RawConnection.OpenAsync(own, receiveBuffer: 4096);
        var cookie = ana.Cookies.GetCookieHeader(own.Address);
        await raw.SendAsync(
            $"GET /api/1.48.0/sync HTTP/1.1\r\nHost: {own.Address.Authority}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        await raw.ReadAsync("\r\n\r\n");
        await raw.SendAsync(Frame("""{"type":"Connect","sessionId":"s","connectionCount":0,"lastCloseReason":null}"""));
        await raw.SendAsync(
            Frame(
                $$$"""{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add","queryId":0,"udfPath":"x:getChatBody","args":[{"streamId":"{{{chat.StreamId}}}"}]}]}"""
            )
        );
        var driving = chat.DrivenAsync();
        Assert.True(await raw.WhenResetAsync());
        Assert.Equal(3000 * 1024, Encoding.UTF8.GetByteCount(await driving));
        Assert.Empty(own.Errors);
    }

    [Fact]
    public async Task Client_ThatVanishes_LeavesNothingBehind()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "#script first=60000");
        using var driving = await chat.DriveAsync();
        for (var i = 0; i < 20; i++)
        {
            await using var sync = await SyncClient.ConnectedAsync(own, ana);
            await sync.AddAsync("x:getChatBody", new { streamId = chat.StreamId });
            await sync.AddAsync("x:listChats", new { });
        }

        // There are no subscriptions to her changes left.
        var feed = own.Services.GetRequiredService<ChangeFeed>();
        using var patience = new CancellationTokenSource(TestUser.Timeout);
        while (feed.HasSubscribers)
        {
            patience.Token.ThrowIfCancellationRequested();
            await ana.IdAsync();
        }

        Assert.Empty(own.Errors);
    }

    private async Task UnharmedAsync()
    {
        await using var sync = await SyncClient.ConnectedAsync(server);
        await sync.CreateAsync(Short);
        Assert.DoesNotContain(server.Errors, error => error.Contains("sync", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<string?> ActAsync(SyncClient sync, uint id)
    {
        await sync.SendAsync(
            new
            {
                type = "Action",
                requestId = id,
                udfPath = "x:doIt",
                args = new[] { new { } },
            }
        );
        var response = await sync.ResponseAsync("ActionResponse", id);
        Assert.False(response.GetProperty("success").GetBoolean());
        return response.GetProperty("errorData").GetProperty("code").GetString();
    }

    private static string? TitleOf(JsonElement row) => row.ValueKind == JsonValueKind.Null ? null : row.GetProperty("title").GetString();

    /// <summary>A text frame as a client sends it, under a mask of zeros.</summary>
    private static byte[] Frame(string text)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        byte[] length =
            payload.Length < 126 ? [(byte)(0x80 | payload.Length)] : [0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length];
        return [0x81, .. length, 0, 0, 0, 0, .. payload];
    }
}
