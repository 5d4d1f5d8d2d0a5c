using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Generations;

/// <summary><c>POST /api/v1/generations/{id}/retry</c>: a second answer to the same message.</summary>
public sealed class RetryGenerationTests(ParleyServer server)
{
    [Fact]
    public async Task Retry_Finished_MakesASiblingAndShowsIt()
    {
        using var ana = server.NewUser();
        var first = await ana.AnsweredAsync("#script tokens=5 delay=0");
        await using var retried = await ana.StreamAsync("POST", $"/api/v1/generations/{first.GenerationId}/retry");
        var second = Answer.Of(await retried.ToEndAsync());

        Assert.Equal((first.ConversationId, first.Text), (second.ConversationId, second.Text));
        Assert.NotEqual(first.GenerationId, second.GenerationId);
        Assert.Equal("start", second.Events[0].Type);
        var messages = (await ana.GetAsync($"/api/v1/conversations/{first.ConversationId}/messages"))
            .GetProperty("items")
            .EnumerateArray()
            .ToList();
        Assert.Equal(
            [first.MessageId, second.MessageId],
            messages[1].GetProperty("siblings").EnumerateArray().Select(id => id.GetString())
        );
        Assert.Equal((2, second.MessageId), (messages.Count, messages[1].GetProperty("id").GetString()));
        var old = await ana.GetAsync($"/api/v1/messages/{first.MessageId}");
        Assert.Equal(
            (first.Text, messages[0].GetProperty("id").GetString()),
            (old.GetProperty("content").GetString(), old.GetProperty("parentId").GetString())
        );
    }

    [Fact]
    public async Task Retry_WithAnotherModel_AsksThat()
    {
        using var ana = server.NewUser();
        var first = await ana.AnsweredAsync("Hello");
        var one = await ana.JsonAsync(
            "POST",
            $"/api/v1/generations/{first.GenerationId}/retry",
            new { model = "demo/parley", stream = false }
        );
        Assert.Equal("demo/parley", one.GetProperty("model").GetString());
        await ana.RefusedAsync(400, "model_not_found", "POST", $"/api/v1/generations/{first.GenerationId}/retry", new { model = "x/y" });
    }

    [Fact]
    public async Task Retry_Failed_AnswersAgain()
    {
        using var ana = server.NewUser();
        var failed = await ana.AnsweredAsync("#script tokens=9 error-after=4 delay=0");
        await using var again = await ana.StreamAsync("POST", $"/api/v1/generations/{failed.GenerationId}/retry");
        await again.ToEndAsync();
        Assert.Equal(("error", failed.Text), (again.Events[^1].Type, again.Text));
    }

    [Fact]
    public async Task Retry_Running_Is409()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script first=60000");
        await ana.RefusedAsync(409, "answer_running", "POST", $"/api/v1/generations/{answer.GenerationId}/retry");
        await ana.RefusedAsync(409, "answer_running", "POST", $"/api/v1/generations/{answer.GenerationId}/continue");
    }
}
