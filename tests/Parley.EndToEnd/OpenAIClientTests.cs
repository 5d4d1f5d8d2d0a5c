using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;
using OpenAI.Responses;

namespace Parley.EndToEnd;

/// <summary>The official client of OpenAI for .NET, unchanged, on <c>/v1</c>.</summary>
public class OpenAIClientTests(SharedServer server) : IClassFixture<SharedServer>
{
    private const string Model = "scripted";
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool(
        "get_weather",
        "The weather of a city",
        BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}""")
    );
    private readonly ApiKeyCredential _key = new(Guid.NewGuid().ToString("N"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat_NotStreamed_IsWhole()
    {
        ChatCompletion completion = await Chat().CompleteChatAsync([Ask(12)], cancellationToken: Token);

        Assert.Equal(await TextAsync(12), completion.Content.Single().Text);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal(12, completion.Usage.OutputTokenCount);
        Assert.Equal(completion.Usage.InputTokenCount + 12, completion.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Chat_Streamed_GrowsToTheSameText()
    {
        var updates = await Chat().CompleteChatStreamingAsync([Ask(60, "delay=20")], cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(await TextAsync(60), TextOf(updates));
        Assert.InRange(updates.Count(update => update.ContentUpdate.Count > 0), 5, int.MaxValue);
        Assert.Equal(ChatMessageRole.Assistant, updates[0].Role);
        Assert.Equal(ChatFinishReason.Stop, updates.Single(update => update.FinishReason is not null).FinishReason);
        // This client always asks for the usage.
        Assert.Equal(60, updates.Single(update => update.Usage is not null).Usage.OutputTokenCount);
        Assert.Single(updates.Select(update => update.CompletionId).Distinct());
    }

    [Fact]
    public async Task Chat_LongAnswer_ComesWhole()
    {
        var updates = await Chat().CompleteChatStreamingAsync([Ask(4000, "delay=0")], cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(await TextAsync(4000), TextOf(updates));
    }

    [Fact]
    public async Task Chat_ThatFailsInTheMiddle_ThrowsAfterTheTextBefore()
    {
        List<StreamingChatCompletionUpdate> updates = [];

        // This client ignores the error frame, and sees only that the connection is cut.
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (var update in Chat().CompleteChatStreamingAsync([Ask(20, "error-after=5")], cancellationToken: Token))
            {
                updates.Add(update);
            }
        });

        Assert.Equal(await TextAsync(5), TextOf(updates));
        Assert.DoesNotContain(updates, update => update.FinishReason is not null);
    }

    [Fact]
    public async Task Chat_ThatFailsBeforeItIsAnswered_Is500()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat(retries: 0).CompleteChatAsync([Ask(20, "error-after=5")], cancellationToken: Token)
        );

        Assert.Equal(500, error.Status);
    }

    [Fact]
    public async Task Tool_OfTheCaller_IsCalledAndItsResultAnswered()
    {
        var question = Ask(4, "tool=2");
        var options = new ChatCompletionOptions { Tools = { Weather } };

        ChatCompletion call = await Chat().CompleteChatAsync([question], options, Token);

        Assert.Equal(ChatFinishReason.ToolCalls, call.FinishReason);
        var tool = Assert.Single(call.ToolCalls);
        Assert.Equal("get_weather", tool.FunctionName);
        Assert.Equal("Paris", JsonElement.Parse(tool.FunctionArguments.ToString()).GetProperty("city").GetString());

        ChatCompletion answer = await Chat()
            .CompleteChatAsync(
                [question, new AssistantChatMessage(call), new ToolChatMessage(tool.Id, """{"temperature":21}""")],
                options,
                Token
            );
        Assert.Equal(await TextAsync(4), answer.Content.Single().Text);
    }

    [Fact]
    public async Task Tool_Streamed_AddsUpToTheSameCall()
    {
        var updates = await Chat()
            .CompleteChatStreamingAsync([Ask(4, "tool=2")], new ChatCompletionOptions { Tools = { Weather } }, Token)
            .ToListAsync(Token);

        var calls = updates.SelectMany(update => update.ToolCallUpdates).ToList();
        Assert.Equal("get_weather", Assert.Single(calls, call => call.FunctionName is not null).FunctionName);
        var arguments = new StringBuilder().AppendJoin("", calls.Select(call => call.FunctionArgumentsUpdate?.ToString())).ToString();
        Assert.Equal("Paris", JsonElement.Parse(arguments).GetProperty("city").GetString());
        Assert.Equal(ChatFinishReason.ToolCalls, updates.Single(update => update.FinishReason is not null).FinishReason);
    }

    [Fact]
    public async Task Reasoning_IsNotContent()
    {
        var updates = await Chat().CompleteChatStreamingAsync([Ask(5, "reasoning=3")], cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(await TextAsync(5), TextOf(updates));
    }

    [Fact]
    public async Task RateLimit_IsSaidAndTriedAgain()
    {
        var counter = new Attempts();

        var error = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat(counter, retries: 2).CompleteChatAsync([new UserChatMessage("Hello #ratelimit")], cancellationToken: Token)
        );

        Assert.Equal(429, error.Status);
        Assert.Equal(3, counter.Count);
    }

    [Fact]
    public async Task Models_AreListedAndFound()
    {
        var client = new OpenAIModelClient(_key, Options());

        var models = (await client.GetModelsAsync(Token)).Value;

        Assert.Contains(models, model => model.Id.EndsWith("scripted", StringComparison.Ordinal));
        foreach (var model in models)
        {
            Assert.Equal(model.Id, (await client.GetModelAsync(model.Id, Token)).Value.Id);
        }

        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => client.GetModelAsync("unknown/model", Token))).Status);
    }

    [Fact]
    public async Task Model_ThatThereIsNot_Is404()
    {
        var client = new ChatClient("unknown/model", _key, Options());

        var error = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync([Ask(1)], cancellationToken: Token));

        Assert.Equal(404, error.Status);
        Assert.Contains("model_not_found", error.GetRawResponse()!.Content.ToString(), StringComparison.Ordinal);
    }

#pragma warning disable OPENAI001 // The package marks its Responses API as experimental.
    [Fact]
    public async Task Response_StreamedAndNot_IsTheSame()
    {
        var client = new ResponsesClient(_key, new ResponsesClientOptions { Endpoint = new Uri(server.Process.Address, "/v1") });

        var whole = (await client.CreateResponseAsync(Model, Prompt(30, "delay=5"), cancellationToken: Token)).Value;
        var updates = await (await client.CreateResponseStreamingAsync(Model, Prompt(30, "delay=5"), cancellationToken: Token)).ToListAsync(
            Token
        );

        Assert.Equal(ResponseStatus.Completed, whole.Status);
        Assert.Equal(await TextAsync(30), whole.GetOutputText());
        Assert.Equal(
            whole.GetOutputText(),
            string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta))
        );
        Assert.Equal(Enumerable.Range(0, updates.Count), updates.Select(update => update.SequenceNumber));
        Assert.Equal(whole.GetOutputText(), Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]).Response.GetOutputText());
    }

    [Fact]
    public async Task Response_ThatFailsInTheMiddle_SaysSo()
    {
        var client = new ResponsesClient(_key, new ResponsesClientOptions { Endpoint = new Uri(server.Process.Address, "/v1") });

        var updates = await (
            await client.CreateResponseStreamingAsync(Model, Prompt(20, "error-after=5"), cancellationToken: Token)
        ).ToListAsync(Token);

        Assert.Equal(ResponseStatus.Failed, Assert.IsType<StreamingResponseFailedUpdate>(updates[^1]).Response.Status);
        Assert.Equal(
            await TextAsync(5),
            string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta))
        );
    }
#pragma warning restore OPENAI001

    private static string Prompt(int tokens, string more = "") => $"Hello #script tokens={tokens} {more}";

    private static UserChatMessage Ask(int tokens, string more = "") => new(Prompt(tokens, more));

    private static string TextOf(IEnumerable<StreamingChatCompletionUpdate> updates) =>
        string.Concat(updates.SelectMany(update => update.ContentUpdate).Select(part => part.Text));

    private OpenAIClientOptions Options(Attempts? counter = null, int retries = 2)
    {
        var options = new OpenAIClientOptions
        {
            Endpoint = new Uri(server.Process.Address, "/v1"),
            RetryPolicy = new ClientRetryPolicy(retries),
        };
        if (counter is not null)
        {
            options.AddPolicy(counter, PipelinePosition.PerTry);
        }

        return options;
    }

    private ChatClient Chat(Attempts? counter = null, int retries = 2) => new(Model, _key, Options(counter, retries));

    /// <summary>What the scripted model says, as the native events have it.</summary>
    private async Task<string> TextAsync(int tokens)
    {
        using var client = new ApiClient(server.Process.Address);
        return (await ScriptedText.LearnAsync(client, tokens, Token)).Text(tokens);
    }

    /// <summary>Counts how often the client asks.</summary>
    private sealed class Attempts : PipelinePolicy
    {
        private int _count;

        public int Count => _count;

        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            Interlocked.Increment(ref _count);
            ProcessNext(message, pipeline, currentIndex);
        }

        public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            Interlocked.Increment(ref _count);
            return ProcessNextAsync(message, pipeline, currentIndex);
        }
    }
}
