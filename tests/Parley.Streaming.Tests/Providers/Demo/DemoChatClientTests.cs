using System.Text;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Demo;
using Parley.Testing;

namespace Parley.Streaming.Tests.Providers.Demo;

public sealed class DemoChatClientTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("Hello, what is this?")]
    [InlineData("show me a table")]
    [InlineData("some code please")]
    [InlineData("a formula")]
    [InlineData("how do I set up a provider?")]
    [InlineData("a long answer")]
    [InlineData("")]
    public async Task Demo_AnyQuestion_SaysThatItIsNoModel(string question)
    {
        var answer = await AskAsync(question);

        Assert.Contains("not a language model", answer.Text, StringComparison.Ordinal);
        Assert.Equal(answer.Text, (await AskAsync(question)).Text);
        Assert.Equal(ChatFinishReason.Stop, answer.Finish);
        Assert.NotNull(answer.Usage);
    }

    [Fact]
    public async Task Demo_FirstQuestion_IntroducesItself()
    {
        var text = (await AskAsync("What's the capital of `France`?\n\n# x")).Text;

        Assert.Contains("> What's the capital of 'France'? # x\n", text, StringComparison.Ordinal);
        foreach (var expected in (string[])["OPENAI_API_KEY", "OPENAI_BASE_URL", "OLLAMA_HOST", "|---|", "```csharp", "$$\n", "\n- "])
        {
            Assert.Contains(expected, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain('\r', text);
    }

    [Theory]
    [InlineData("100 KB please", 100 * 1024)]
    [InlineData("write 5kb", 5 * 1024)]
    [InlineData("a long answer", 20 * 1024)]
    [InlineData("Long", 20 * 1024)]
    [InlineData("1 MB", 1024 * 1024)]
    [InlineData("999999999999999 MB", 1024 * 1024)]
    public async Task Demo_LongAnswer_HasAboutTheSizeAskedFor(string question, int bytes)
    {
        var text = (await AskAsync(question)).Text;

        Assert.InRange(Encoding.UTF8.GetByteCount(text), bytes, bytes + 2048);
    }

    [Theory]
    [InlineData("hello 🙂")]
    [InlineData("write 2 KB")]
    public async Task Demo_PrefixCutAnywhere_IsContinuedExactly(string question)
    {
        var whole = (await AskAsync(question)).Text;
        for (var cut = 1; cut <= whole.Length; cut++)
        {
            if (cut < whole.Length && char.IsLowSurrogate(whole[cut]))
            {
                continue;
            }

            var rest = await Answer.OfAsync(Client(), [new(ChatRole.User, question), new(ChatRole.Assistant, whole[..cut])]);

            Assert.Equal(whole[cut..], rest.Text);
            Assert.Equal(ChatFinishReason.Stop, rest.Finish);
        }
    }

    [Fact]
    public async Task Demo_PrefixOfAnotherModel_IsNotContinued()
    {
        var answer = await Answer.OfAsync(Client(), [new(ChatRole.User, "hi"), new(ChatRole.Assistant, "Paris is")]);

        Assert.Contains("cannot continue", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_TokensPerSecond_SetsThePace()
    {
        using var client = new DemoChatClient(_time, new DemoOptions { TokensPerSecond = 50 });
        await using var updates = client
            .GetStreamingResponseAsync("hi", cancellationToken: TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        for (var i = 0; i < 100; i++)
        {
            var next = updates.MoveNextAsync().AsTask();
            Assert.False(next.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(20));
            Assert.True(await next);
        }
    }

    private DemoChatClient Client() => new(_time, new DemoOptions { TokensPerSecond = 0 });

    private Task<Answer> AskAsync(string question) => Answer.OfAsync(Client(), question);
}
