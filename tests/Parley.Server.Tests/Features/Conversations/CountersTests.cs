using Parley.Server.Data;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Conversations;

/// <summary>A conversation's counters, preview and times agree with its messages after any sequence of operations.</summary>
public sealed class CountersTests(ParleyServer server)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Counters_AfterRandomOperations_EqualWhatTheRowsSay(int seed)
    {
        using var ana = server.NewUser();
        var random = new Random(seed);
        var conversation =
            random.Next(2) == 0
                ? (await ana.JsonAsync("POST", "/api/v1/conversations", "{}", 201)).GetProperty("id").GetString()!
                : (await ana.AnsweredAsync("#script tokens=1 delay=0")).ConversationId;
        List<string> history = [];
        for (var step = 0; step < 12; step++)
        {
            history.Add(await StepAsync(ana, conversation, random));
            await AssertTrueAsync(ana, conversation, string.Join(" → ", history));
        }
    }

    [Fact]
    public async Task Counters_AfterManyAtOnce_EqualWhatTheRowsSay()
    {
        using var ana = server.NewUser();
        var conversation = (await ana.JsonAsync("POST", "/api/v1/conversations", "{}", 201)).GetProperty("id").GetString()!;
        var root = (
            await ana.JsonAsync("POST", $"/api/v1/conversations/{conversation}/messages", new { role = "user", content = "root" }, 201)
        )
            .GetProperty("id")
            .GetString();
        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(i =>
                    i % 3 == 0
                        ? ana.JsonAsync(
                            "POST",
                            $"/api/v1/conversations/{conversation}/messages",
                            new
                            {
                                role = "user",
                                content = $"said {i}",
                                parentId = root,
                            },
                            201
                        )
                        : ana.JsonAsync(
                            "POST",
                            "/api/chat",
                            new
                            {
                                message = $"#script tokens={i} delay=1",
                                model = "scripted",
                                conversationId = conversation,
                                parentId = root,
                                stream = false,
                            }
                        )
                )
        );
        var said = await ana.GetAsync($"/api/v1/conversations/{conversation}");
        var rows = Rows(conversation);
        Assert.Equal((1 + 4 + 16, rows.Count), (rows.Count, said.GetProperty("messageCount").GetInt32()));
        Assert.Equal(rows.Sum(row => row.Tokens), said.GetProperty("totalTokens").GetInt64());
        Assert.Equal(Enumerable.Range(1, rows.Count), rows.Select(row => row.Sequence));
    }

    private async Task<string> StepAsync(TestUser ana, string conversation, Random random)
    {
        var rows = Rows(conversation);
        var any = rows.Count == 0 ? null : rows[random.Next(rows.Count)].Id;
        var generations = rows.Where(row => row.Generation is not null).ToList();
        var generation = generations.Count == 0 ? null : generations[random.Next(generations.Count)].Generation;
        switch (random.Next(8))
        {
            case 0:
                await ana.AnsweredAsync($"#script tokens={random.Next(1, 6)} delay=0 question {random.Next()}", conversation);
                return "ask";
            case 1 when any is not null:
                await ana.AnsweredAsync($"#script tokens={random.Next(1, 6)} reasoning=2 delay=0 branch", conversation, any);
                return "branch";
            case 2:
                await ana.AnsweredAsync($"#script tokens=5 error-after={random.Next(3)} delay=0", conversation);
                return "fail";
            case 3:
                await using (var answer = await ana.AskAsync("#script tokens=200 delay=3", conversation))
                {
                    await answer.UntilAsync("token", random.Next(2, 5));
                    var at = answer.Events.First(next => next.Type == "token").Position;
                    await ana.JsonAsync(
                        "POST",
                        $"/api/v1/generations/{answer.GenerationId}/stop",
                        random.Next(2) == 0 ? new { position = at } : null
                    );
                    await answer.ToEndAsync();
                    return "stop";
                }

            case 4 when generation is not null:
                using (await ana.SendAsync("POST", $"/api/v1/generations/{generation}/retry", new { stream = false }))
                {
                    return "retry";
                }

            case 5 when generation is not null:
                using (await ana.SendAsync("POST", $"/api/v1/generations/{generation}/continue", new { stream = false, position = 0 }))
                {
                    return "continue";
                }

            case 6:
                using (await ana.SendAsync("PATCH", $"/api/v1/conversations/{conversation}", new { title = $"Title {random.Next()}" }))
                {
                    return "rename";
                }

            default:
                await ana.JsonAsync(
                    "POST",
                    $"/api/v1/conversations/{conversation}/messages",
                    new { role = "user", content = $" said\n {random.Next()} " + new string('x', 200) },
                    201
                );
                return "say";
        }
    }

    private async Task AssertTrueAsync(TestUser ana, string conversation, string history)
    {
        var rows = Rows(conversation);
        var said = await ana.GetAsync($"/api/v1/conversations/{conversation}");
        var newest = rows.OrderBy(row => row.At).ThenBy(row => row.Sequence).ToList();
        // The preview: an answer without text keeps the earlier one.
        var preview = newest.LastOrDefault(row => row.Content.Length > 0)?.Content;
        if (preview is not null && newest[^1].Generation is not null)
        {
            preview = (await ana.GetAsync($"/api/v1/messages/{newest.Last(row => row.Content.Length > 0).Id}"))
                .GetProperty("content")
                .GetString()!;
        }

        Assert.True(rows.Count == said.GetProperty("messageCount").GetInt32(), history);
        Assert.True(rows.Sum(row => row.Tokens) == said.GetProperty("totalTokens").GetInt64(), history);
        Assert.True(
            newest.Count == 0
                ? !said.TryGetProperty("lastMessageAt", out _)
                : newest[^1].At == said.GetProperty("lastMessageAt").GetDateTimeOffset().ToUnixTimeMilliseconds(),
            history
        );
        Assert.Equal(
            preview is null ? null : MessageText.Preview(preview),
            said.TryGetProperty("lastMessagePreview", out var shown) ? shown.GetString() : null
        );
        var listed = (await ana.GetAsync("/api/v1/conversations"))
            .GetProperty("items")
            .EnumerateArray()
            .Single(item => item.GetProperty("id").GetString() == conversation);
        Assert.Equal(said.ToString(), listed.ToString());
    }

    private List<Row> Rows(string conversation) =>
        server.Tables.Query(
            "SELECT id, sequence, content, coalesce(input_tokens, 0) + coalesce(output_tokens, 0), coalesce(completed_at, created_at), generation_id FROM messages WHERE conversation_id = @id ORDER BY sequence",
            row => new Row(
                row.GetString(0),
                row.GetInt32(1),
                row.GetString(2),
                row.GetInt64(3),
                row.GetInt64(4),
                row.IsDBNull(5) ? null : row.GetString(5)
            ),
            ("@id", conversation)
        );

    private sealed record Row(string Id, int Sequence, string Content, long Tokens, long At, string? Generation);
}
