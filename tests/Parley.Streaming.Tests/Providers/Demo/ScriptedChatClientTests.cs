using System.Text;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Demo;
using Parley.Testing;

namespace Parley.Streaming.Tests.Providers.Demo;

public sealed class ScriptedChatClientTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Scripted_SameQuestion_GivesTheSameDeltas()
    {
        var first = await AskAsync("x #script tokens=40 reasoning=3 delay=0");
        var second = await AskAsync("other words #script delay=0 reasoning=3 tokens=40");

        Assert.Equal(40, first.Contents.OfType<TextContent>().Count());
        Assert.Equal(3, first.Contents.OfType<TextReasoningContent>().Count());
        Assert.Equal(first.Text, second.Text);
        Assert.Equal(ChatFinishReason.Stop, first.Finish);
        Assert.Equal(43, first.Usage!.OutputTokenCount);
        Assert.Contains(first.Text, c => c > 127);
        Assert.True(first.Text.Split(". ").Length > 5);
    }

    [Fact]
    public async Task Scripted_NoDirective_GivesTwelveTokens() => Assert.Equal(12, (await DrivenAsync("hello", [])).Contents.Count);

    [Fact]
    public async Task Scripted_MoreTokens_BeginWithTheFewer()
    {
        var few = await AskAsync("#script tokens=5 delay=0");
        var more = await AskAsync("#script tokens=9 delay=0");

        Assert.StartsWith(few.Text, more.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#script tokens=30 reasoning=4 delay=0")]
    [InlineData("#script tokens=20 reasoning=2 tool=1 delay=0")]
    [InlineData("#script tokens=6 size=50 delay=0")]
    public async Task Scripted_AnyPrefix_IsContinuedExactly(string question)
    {
        var whole = await AskAsync(question);
        for (var cut = 0; cut <= whole.Contents.Count; cut++)
        {
            var rest = await AskAsync(question, [.. whole.Contents.Take(cut)]);

            Assert.Equal(whole.Text, whole.Contents.Take(cut).OfType<TextContent>().Aggregate("", (t, c) => t + c.Text) + rest.Text);
            Assert.Equal(
                whole.Reasoning,
                whole.Contents.Take(cut).OfType<TextReasoningContent>().Aggregate("", (t, c) => t + c.Text) + rest.Reasoning
            );
            Assert.Equal(whole.Calls, (new Answer([.. whole.Contents.Take(cut)], null, null, null).Calls + " " + rest.Calls).Trim());
        }
    }

    [Fact]
    public async Task Scripted_PrefixCutAtAnyCharacter_IsContinuedExactly()
    {
        const string question = "#script tokens=30 delay=0";
        var whole = (await AskAsync(question)).Text;
        for (var cut = 0; cut <= whole.Length; cut++)
        {
            if (cut < whole.Length && char.IsLowSurrogate(whole[cut]))
            {
                continue;
            }

            Assert.Equal(whole[cut..], (await AskAsync(question, new TextContent(whole[..cut]))).Text);
        }
    }

    [Fact]
    public async Task Scripted_Size_IsBytesPerToken()
    {
        foreach (var size in (int[])[1, 2, 3, 10, 100, 4096])
        {
            var answer = await AskAsync($"#script tokens=25 delay=0 size={size}");

            Assert.All(answer.Contents.OfType<TextContent>(), c => Assert.Equal(size, Encoding.UTF8.GetByteCount(c.Text)));
        }
    }

    [Fact]
    public async Task Scripted_ErrorAfter_FailsAfterThatManyTokensAndContinues()
    {
        var broken = await AskAsync("#script tokens=10 delay=0 error-after=4");
        var rest = await AskAsync("#script tokens=10 delay=0 error-after=4", new TextContent(broken.Text));
        var whole = await AskAsync("#script tokens=10 delay=0");

        Assert.Equal(4, broken.Contents.Count);
        Assert.Equal(ProviderFailure.ReportedError, broken.Error?.Failure);
        Assert.Null(rest.Error);
        Assert.Equal(whole.Text, broken.Text + rest.Text);
    }

    [Theory]
    [InlineData("#http429")]
    [InlineData("hi #ratelimit")]
    public async Task Scripted_RateLimit_FailsBeforeAnything(string question)
    {
        var answer = await AskAsync(question);

        Assert.Equal(ProviderFailure.RateLimited, answer.Error?.Failure);
        Assert.NotNull(answer.Error!.RetryAfter);
        Assert.Empty(answer.Contents);
    }

    [Fact]
    public async Task Scripted_Tool1_CallsGivesTheResultAndTheText()
    {
        var answer = await AskAsync("weather #script tool=1 tokens=4 delay=0");

        Assert.StartsWith("get_weather#call_weather_1( {\"city\": \"Par is\"} ) ={", answer.Calls, StringComparison.Ordinal);
        Assert.Equal(4, answer.Contents.OfType<TextContent>().Count());
    }

    [Fact]
    public async Task Scripted_Tool2_LeavesTheCallAndThenTakesItsResult()
    {
        var answer = await AskAsync("weather #script tool=2 tokens=4 delay=0");
        var after = await Answer.OfAsync(
            new ScriptedChatClient(_time),
            [
                new(ChatRole.User, "weather #script tool=2 tokens=4 delay=0"),
                new(ChatRole.Assistant, [new FunctionCallContent("call_weather_1", "get_weather")]),
                new(ChatRole.Tool, [new FunctionResultContent("call_weather_1", "sunny")]),
            ]
        );

        Assert.Equal(ChatFinishReason.ToolCalls, answer.Finish);
        Assert.Equal("get_weather#call_weather_1( {\"city\": \"Par is\"} )", answer.Calls);
        Assert.Empty(answer.Text);
        Assert.Equal(4, after.Contents.Count);
        Assert.Equal(ChatFinishReason.Stop, after.Finish);
    }

    [Fact]
    public async Task Scripted_Stall_IsSilentAndThenStalled()
    {
        using var client = new ScriptedChatClient(_time);
        await using var updates = client
            .GetStreamingResponseAsync("#script tokens=5 delay=0 stall-after=1", cancellationToken: TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);

        Assert.True(await updates.MoveNextAsync());
        var next = updates.MoveNextAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(next.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ProviderFailure.Stalled, (await Assert.ThrowsAsync<ProviderException>(() => next)).Failure);
    }

    [Fact]
    public async Task Scripted_Delays_DoNotDrift()
    {
        using var client = new ScriptedChatClient(_time);
        await using var updates = client
            .GetStreamingResponseAsync("#script tokens=4 first=100 delay=10", cancellationToken: TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);

        var first = updates.MoveNextAsync().AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(first.IsCompleted);
        // 17 ms late: the next token was due at 110, so it comes at once, and the third at 120.
        _time.Advance(TimeSpan.FromMilliseconds(18));
        Assert.True(await first);
        Assert.True(await updates.MoveNextAsync().AsTask());
        var third = updates.MoveNextAsync().AsTask();
        Assert.False(third.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(3));
        Assert.True(await third);
    }

    [Theory]
    [InlineData("#script tokens=99999999999999 delay=0")]
    [InlineData("#script tokens=-1 delay=0")]
    [InlineData("#script tokens= =5 delay=abc")]
    [InlineData("#script")]
    public async Task Scripted_OddDirectives_StillAnswer(string question) =>
        Assert.Equal(12, (await DrivenAsync(question, [])).Contents.Count);

    private Task<Answer> AskAsync(string question, params AIContent[] prefix) =>
        Answer.OfAsync(new ScriptedChatClient(_time), Messages(question, prefix));

    // With the default delay time must move.
    private async Task<Answer> DrivenAsync(string question, AIContent[] prefix)
    {
        var asking = Answer.OfAsync(new ScriptedChatClient(_time), Messages(question, prefix));
        while (!asking.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        return await asking;
    }

    private static List<ChatMessage> Messages(string question, AIContent[] prefix)
    {
        List<ChatMessage> messages = [new(ChatRole.User, question)];
        if (prefix.Length > 0)
        {
            messages.Add(new ChatMessage(ChatRole.Assistant, [.. prefix]));
        }

        return messages;
    }
}
