using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Generations;

/// <summary><c>GET /api/v1/generations/{id}</c>.</summary>
public sealed class GetGenerationTests(ParleyServer server)
{
    [Fact]
    public async Task Get_Running_SaysWhereItStands()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=100000 delay=20");
        var token = await answer.UntilAsync("token");
        var generation = await ana.GetAsync($"/api/v1/generations/{answer.GenerationId}");
        Assert.Equal("running", generation.GetProperty("status").GetString());
        Assert.True(generation.GetProperty("position").GetInt64() >= token.Position);
        Assert.False(generation.TryGetProperty("endedAt", out _));
        Assert.Equal(answer.ConversationId, generation.GetProperty("conversationId").GetString());
    }

    [Fact]
    public async Task Get_Completed_HasReasonUsageAndEnd()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=4 delay=0");
        var generation = await ana.GetAsync($"/api/v1/generations/{answer.GenerationId}");
        Assert.Equal(
            ("completed", "stop", answer.MessageId, "demo/scripted"),
            (
                generation.GetProperty("status").GetString(),
                generation.GetProperty("finishReason").GetString(),
                generation.GetProperty("messageId").GetString(),
                generation.GetProperty("model").GetString()
            )
        );
        Assert.Equal(answer.Last.Position, generation.GetProperty("position").GetInt64());
        Assert.Equal(4, generation.GetProperty("usage").GetProperty("outputTokens").GetInt32());
        Assert.True(generation.GetProperty("endedAt").GetDateTimeOffset() >= generation.GetProperty("createdAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task Get_Failed_HasTheError()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=4 error-after=2 delay=0");
        var generation = await ana.GetAsync($"/api/v1/generations/{answer.GenerationId}");
        Assert.Equal("failed", generation.GetProperty("status").GetString());
        Assert.Equal(answer.Last["code"], generation.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(answer.Last["message"], generation.GetProperty("error").GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("word")]
    [InlineData("-1")]
    [InlineData("1%27%20OR%20%271%27%3D%271")]
    [InlineData("https%3A%2F%2Fexample.org")]
    [InlineData("{0BADC0DE-0000-0000-0000-000000000000}")]
    [InlineData("00000000000000000000000000000000")]
    public async Task Get_NotAnId_Is404(string id)
    {
        using var ana = server.NewUser();
        await ana.AnsweredAsync("#script tokens=1 delay=0");
        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{id}");
        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/conversations/{id}");
        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/messages/{id}");
    }

    [Fact]
    public async Task Get_IdOfAnotherKindOrSpelling_Is404()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=1 delay=0");
        foreach (
            var id in new[]
            {
                answer.ConversationId,
                answer.MessageId,
                answer.GenerationId.ToUpperInvariant(),
                answer.GenerationId.Replace("-", "", StringComparison.Ordinal),
                $"{{{answer.GenerationId}}}",
            }
        )
        {
            await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{id}");
        }

        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/conversations/{answer.MessageId}");
        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/messages/{answer.GenerationId}");
    }
}
