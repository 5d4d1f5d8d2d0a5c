using System.Text.RegularExpressions;
using Parley.Server.Tests.Data.Postgres;
using Parley.Server.Tests.Hosting;

#pragma warning disable xUnit1051 // A copy is bounded by its own timeouts.

namespace Parley.Server.Tests.Commands;

/// <summary>A server on the copy of an installation answers as the one on the installation does, and continues what was running.</summary>
public sealed partial class CopiedServerTests
{
    private const string Finished = "#script tokens=40 reasoning=3 tool=1 delay=0";
    private const string Running = "#script tokens=120 delay=10";
    private const int Messages = 10_010;

    [Fact]
    public async Task Server_OnTheCopy_AnswersTheSameBytesAndContinuesWhatWasRunning()
    {
        await using var target = await TestDatabase.CreateEmptyAsync();
        await using var sqlite = await ParleyServer.StartAsync();
        using var ana = sqlite.NewUser();
        using var ben = sqlite.NewUser();
        var keyed = await ana.AnsweredAsync(Finished, key: "a-key");
        var generations = await ConverseAsync(ana, keyed);
        var session = await ana.JsonAsync("POST", "/chat/start", new { modelId = "scripted", prompt = "#script tokens=5 delay=0" }, 201);
        await using var cut = await ben.AskAsync(Running);
        await cut.UntilAsync("token", 5);
        await sqlite.StopAsync();
        Assert.True(sqlite.Tables.Count("generation_journal") > 0);
        Assert.Equal(1, sqlite.Tables.Count("generations", "status = 'running'"));
        AddMessages(sqlite, keyed.ConversationId);

        var copying = (await Copying.RunAsync(sqlite.Folder, target)).Succeeded();
        Assert.Contains($"messages: {sqlite.Tables.Count("messages")} rows copied, verified\n", copying.Output, StringComparison.Ordinal);
        Assert.Equal(0, sqlite.Tables.Count("generation_journal"));

        // The keys stay in the folder: cookies of the one server are valid for the other one.
        await sqlite.InitializeAsync();
        await using var postgres = await ParleyServer.StartAsync(
            ("Database:ConnectionString", Copying.Url(target)),
            ("Database:Folder", sqlite.Folder)
        );
        using var copied = new TestUser(postgres, ana.Cookies);
        foreach (var path in await PathsAsync(ana, keyed.ConversationId, generations))
        {
            Assert.Equal((path, await TextAsync(ana, path)), (path, await TextAsync(copied, path)));
        }

        Assert.Equal(keyed.GenerationId, (await copied.AnsweredAsync(Finished, key: "a-key")).GenerationId);
        await using var stream = await copied.StreamAsync("GET", $"/chat/stream?sessionId={session.GetProperty("sessionId")}");
        Assert.NotEmpty((await stream.ToEndAsync()).Text);
        Assert.NotEmpty((await copied.AnsweredAsync("#script tokens=3 delay=0", keyed.ConversationId)).Text);

        using var benCopied = new TestUser(postgres, ben.Cookies);
        await using var rest = await benCopied.FollowAsync(cut.GenerationId, cut.Events[^1].Position);
        await rest.ToEndAsync();
        await using var whole = await benCopied.FollowAsync(cut.GenerationId);
        await whole.ToEndAsync();
        var expected = (await benCopied.AnsweredAsync("#script tokens=120 delay=0")).Text;
        Assert.Equal((expected, expected), (cut.Text + rest.Text, whole.Text));
        Assert.Equal("done", whole.Events[^1].Type);
        Assert.Empty(postgres.Errors);
    }

    /// <summary>Conversations with answers in every state. Returns their generations.</summary>
    private static async Task<List<string>> ConverseAsync(TestUser ana, Answer first)
    {
        List<string> generations = [first.GenerationId];
        generations.Add(
            (await ana.AnsweredAsync("Was heißt 日本語? 👩‍💻 \u0001\u007f", first.ConversationId, first.MessageId)).GenerationId
        );
        generations.Add((await ana.AnsweredAsync("#script tokens=20 error-after=5 delay=0")).GenerationId);

        await using var answer = await ana.AskAsync("#script tokens=100000 delay=5");
        var seen = await answer.UntilAsync("token", 3);
        await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position = seen.Position });
        await answer.UntilAsync("done");
        generations.Add(answer.GenerationId);

        var chat = new UiChat(ana);
        await chat.AnsweredAsync("#script tokens=4 delay=0");
        await ana.JsonAsync("DELETE", $"/api/v1/chat/{chat.Id}");
        await new UiChat(ana).AnsweredAsync("#script tokens=4 delay=0");
        return generations;
    }

    /// <summary>Messages of one conversation, more than one batch of the copy has.</summary>
    private static void AddMessages(ParleyServer server, string conversation)
    {
        server.Tables.Change(
            """
            INSERT INTO messages (id, tenant_id, owner_id, conversation_id, parent_id, sequence, role, content, status, usage_estimated, error_retryable, created_at)
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < @count)
            SELECT 'm_' || printf('%08d', n), c.tenant_id, c.owner_id, c.id, CASE n WHEN 1 THEN c.active_message_id ELSE 'm_' || printf('%08d', n - 1) END,
                c.message_count + n, 'user', 'Nachricht № ' || n || ' 🙂', 'complete', 0, 0, c.updated_at + n
            FROM number, conversations c WHERE c.id = @id
            """,
            ("@count", Messages),
            ("@id", conversation)
        );
        server.Tables.Change(
            "UPDATE conversations SET message_count = message_count + @count, active_message_id = 'm_' || printf('%08d', @count) WHERE id = @id",
            ("@count", Messages),
            ("@id", conversation)
        );
    }

    /// <summary>Lists, pages of messages, and logs from all positions.</summary>
    private static async Task<List<string>> PathsAsync(TestUser person, string conversation, List<string> generations)
    {
        List<string> paths =
        [
            "/api/v1/me",
            "/api/v1/conversations",
            "/api/v1/chat",
            "/api/v1/chat?archived=include",
            "/api/chat/conversations",
            $"/api/v1/conversations/{conversation}",
            $"/api/v1/chat/{conversation}?order=asc&limit=100&offset=9950",
            $"/chat/history?chatId={conversation}",
        ];
        string? before = null;
        for (var page = 0; page < 5; page++)
        {
            var path = $"/api/v1/conversations/{conversation}/messages?limit=100{(before is null ? "" : $"&before={before}")}";
            paths.Add(path);
            before = (await person.GetAsync(path)).GetProperty("previous").GetString();
        }

        foreach (var item in (await person.GetAsync("/api/v1/conversations")).GetProperty("items").EnumerateArray())
        {
            paths.Add($"/api/v1/conversations/{item.GetProperty("id")}/messages?limit=100");
        }

        foreach (var generation in generations)
        {
            await using var log = await person.FollowAsync(generation);
            await log.ToEndAsync();
            paths.Add($"/api/v1/generations/{generation}");

            // All positions of the first log, and some of the others; also those inside a character, and after the end.
            for (var position = 0L; position <= log.Events[^1].Position + 1; position += generation == generations[0] ? 1 : 13)
            {
                paths.Add($"/api/v1/generations/{generation}/events?after={position}");
            }
        }

        Assert.InRange(paths.Count, 300, 3000);
        return paths;
    }

    /// <summary>Status and body. The trace of a refusal is that of its request.</summary>
    private static async Task<string> TextAsync(TestUser person, string path)
    {
        using var response = await person.SendAsync("GET", path);
        var body = Trace().Replace(await response.Content.ReadAsStringAsync(), "");
        return $"{(int)response.StatusCode} {body}";
    }

    [GeneratedRegex("\"traceId\":\"[0-9a-f]{32}\"")]
    private static partial Regex Trace();
}
