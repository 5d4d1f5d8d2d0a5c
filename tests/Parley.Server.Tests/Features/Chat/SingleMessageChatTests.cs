using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Chat;

/// <summary>
/// <c>POST /api/chat</c> with <c>{ message, conversationId?, model? }</c>; the other members of that body are tested in <see
/// cref="PostChatTests"/>.
/// </summary>
public sealed class SingleMessageChatTests(ParleyServer server)
{
    [Theory]
    [InlineData("groq-llama-70b", "openai/gpt-oss-120b")]
    [InlineData("groq-llama-8b", "openai/gpt-oss-20b")]
    [InlineData("auto", "openai/gpt-oss-120b")]
    [InlineData(null, "openai/gpt-oss-120b")]
    public async Task Message_ToEachAlias_IsAnsweredTokenByToken(string? model, string asked)
    {
        await using var upstream = await Upstream.SayingAsync("stop", "Hel", "lo.");
        await using var own = await ParleyServer.StartAsync([
            .. upstream.Settings.Select(setting =>
                (
                    setting.Item1.Replace(":up:", ":groq:", StringComparison.Ordinal),
                    setting.Item2 == "m" ? "openai/gpt-oss-120b" : setting.Item2
                )
            ),
        ]);
        using var ana = own.NewUser();
        await using var first = await ana.StreamAsync(
            "POST",
            "/api/chat",
            model is null ? new { message = "Hi" } : new { message = "Hi", model }
        );
        await first.ToEndAsync();
        Assert.Equal(
            ("start", first.ConversationId, $"groq/{asked}"),
            (first.Events[0].Type, first.Events[0]["conversationId"], first.Events[0]["model"])
        );
        Assert.Equal(
            ("Hello.", "done", asked),
            (first.Text, first.Events[^1].Type, upstream.Requests.Single().GetProperty("model").GetString())
        );

        await using var second = await ana.StreamAsync(
            "POST",
            "/api/chat",
            new { message = "And?", conversationId = first.ConversationId }
        );
        await second.ToEndAsync();
        Assert.Equal(asked, upstream.Requests.Last().GetProperty("model").GetString());
        Assert.Equal(
            [("user", "Hi"), ("assistant", "Hello."), ("user", "And?"), ("assistant", "Hello.")],
            await ana.SaidAsync(first.ConversationId)
        );
    }

    [Fact]
    public async Task Message_ToAModelThatIsNotConfigured_SaysSo()
    {
        using var ana = server.NewUser();
        foreach (
            var (model, expected) in new[]
            {
                ("groq-llama-70b", "groq is not configured. Set GROQ_API_KEY."),
                ("gemini-flash", "google is not configured. Set GOOGLE_GENERATIVE_AI_API_KEY or GEMINI_API_KEY."),
                ("anthropic/claude-opus-5-5", "anthropic is not configured. Set ANTHROPIC_API_KEY."),
            }
        )
        {
            var problem = await ana.RefusedAsync(400, "model_not_found", "POST", "/api/chat", new { message = "x", model });
            Assert.True(Problem.Names(problem, "model"));
            Assert.Equal($"There is no model \"{model}\": {expected}", problem.GetProperty("detail").GetString());
        }
    }

    [Theory]
    [InlineData("message")]
    [InlineData("messages")]
    [InlineData("parts")]
    public async Task Messages_SentAtTheSameMoment_OneIsAnsweredAndTheOthersAreTold(string body)
    {
        using var ana = server.NewUser();
        var first = await ana.AnsweredAsync("#script tokens=1 delay=0");
        object Body(int number) =>
            body switch
            {
                "message" => new
                {
                    message = $"{number} #script tokens=3 delay=50",
                    conversationId = first.ConversationId,
                    model = "scripted",
                },
                "messages" => new
                {
                    messages = new[] { new { role = "user", content = $"{number} #script tokens=3 delay=50" } },
                    temperature = 0,
                    conversationId = first.ConversationId,
                    model = "scripted",
                },
                _ => new
                {
                    id = first.ConversationId,
                    trigger = "submit-message",
                    model = "scripted",
                    messages = new object[]
                    {
                        new
                        {
                            id = first.MessageId,
                            role = "assistant",
                            parts = new[] { new { type = "text", text = "x" } },
                        },
                        new
                        {
                            id = $"u{number}",
                            role = "user",
                            parts = new[] { new { type = "text", text = $"{number} #script tokens=3 delay=50" } },
                        },
                    },
                },
            };
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(async number =>
                {
                    using var response = await ana.SendAsync("POST", "/api/chat", Body(number));
                    await response.Content.ReadAsByteArrayAsync();
                    return (int)response.StatusCode;
                })
        );
        Assert.Equal([200, 409, 409, 409, 409, 409], answers.Order());
        Assert.Equal(4, (await ana.SaidAsync(first.ConversationId)).Count);
        Assert.Equal(4, (await ana.GetAsync($"/api/v1/conversations/{first.ConversationId}")).GetProperty("messageCount").GetInt32());
    }

    [Fact]
    public async Task Message_InAConversationByItsClientsName_GoesOnWithIt()
    {
        // On either route, whichever created the conversation.
        using var ana = server.NewUser();
        var chat = new UiChat(ana, "by-name");
        await chat.AnsweredAsync("#script tokens=1 delay=0");
        await ana.AnsweredAsync("#script tokens=2 delay=0", "by-name");
        await ana.AnsweredAsync("#script tokens=3 delay=0", "by-name", chat.Messages[0].Id);
        var said = await ana.SaidAsync("by-name");
        Assert.Equal(
            ["#script tokens=1 delay=0", "#script tokens=3 delay=0"],
            said.Where(message => message.Role == "user").Select(message => message.Content)
        );
    }

    [Fact]
    public async Task Message_UnderAnAnswerThatUseChatWentOnWith_GoesUnderTheOneOfThatId()
    {
        // What useChat calls by one name are two messages here: their own ids tell them apart.
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using (var failing = await chat.SubmitAsync("#script tokens=9 error-after=3 delay=0"))
        {
            chat.Show(await failing.ToEndAsync());
        }

        await using (var going = await chat.PostAsync())
        {
            await going.ToEndAsync();
        }

        var part = chat.Messages[1];
        await ana.AnsweredAsync("#script tokens=1 delay=0", chat.Id, part.Id);
        Assert.Equal((part.Role, part.Text), (await ana.SaidAsync(chat.Id))[1]);
    }
}
