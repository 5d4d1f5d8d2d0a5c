using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers;
using Parley.Streaming.Routing;
using Parley.Testing;

namespace Parley.Streaming.Tests.Providers;

/// <summary>
/// What every family of providers must do. A test class per family derives from it, registers the family, and starts an
/// upstream for each behaviour.
/// </summary>
public abstract class ModelProviderContract
{
    /// <summary>The API key of the upstreams, and the secret in invalid settings.</summary>
    public const string Secret = "sk-canary-0123456789";

    private readonly FakeTimeProvider _time = new();
    private readonly ListLog _log = new();

    /// <summary>The family under test, where <c>AddProviders</c> does not register it.</summary>
    protected virtual void AddFamily(IServiceCollection services) { }

    /// <summary>Starts an upstream that behaves so.</summary>
    protected abstract UpstreamUnderTest Start(UpstreamBehaviour behaviour);

    /// <summary>The limits on time that the family enforces.</summary>
    protected abstract IReadOnlyList<ExpectedTimeout> Timeouts { get; }

    /// <summary>The failures that the family recognises.</summary>
    protected abstract IReadOnlyList<ExpectedFailure> Failures { get; }

    /// <summary>Settings that the family refuses.</summary>
    protected abstract IReadOnlyList<InvalidSettings> Invalid { get; }

    /// <summary>The family asks the upstream for its models. Default true; the upstream then lists the model to ask.</summary>
    protected virtual bool HasModelList => true;

    /// <summary>The arguments of a tool call arrive in pieces. Default true; false where the protocol sends calls whole.</summary>
    protected virtual bool StreamsArguments => true;

    [Fact]
    public async Task Client_SamePromptTwice_GivesTheSameContents()
    {
        foreach (var behaviour in (UpstreamBehaviour[])[UpstreamBehaviour.Answer, UpstreamBehaviour.ToolCall])
        {
            await using var test = new Test(this, behaviour);

            var first = await test.AskAsync();
            var second = await test.AskAsync();

            Assert.Null(first.Exception);
            Assert.NotEmpty(first.Contents);
            Assert.Equal(first.Contents.Select(Describe), second.Contents.Select(Describe));
            Assert.Equal(first.Finish, second.Finish);
        }
    }

    [Fact]
    public async Task Client_Answer_HasReasoningThenTextThenTheFinishReason()
    {
        await using var test = new Test(this, UpstreamBehaviour.Answer);

        var answer = await test.AskAsync();

        var kinds = answer.Contents.Select(content => content.GetType()).ToArray();
        Assert.Equal([typeof(TextReasoningContent), typeof(TextContent)], kinds.Distinct());
        Assert.True(kinds.LastIndexOf(typeof(TextReasoningContent)) < Array.IndexOf(kinds, typeof(TextContent)));
        Assert.Equal(ChatFinishReason.Stop, answer.Finish);
    }

    [Fact]
    public async Task Client_Answer_ReportsItsUsage()
    {
        await using var test = new Test(this, UpstreamBehaviour.Answer);

        var usage = (await test.AskAsync()).Usage;

        Assert.True(usage is { InputTokenCount: > 0, OutputTokenCount: > 0 });
        Assert.Equal(usage.InputTokenCount + usage.OutputTokenCount, usage.TotalTokenCount);
    }

    [Fact]
    public async Task Client_ToolCall_IsStreamedInPiecesAndThenWhole()
    {
        await using var test = new Test(this, UpstreamBehaviour.ToolCall);

        var answer = await test.AskAsync();

        var started = Assert.IsType<ToolCallStarted>(answer.Contents[0]);
        var call = Assert.IsType<FunctionCallContent>(answer.Contents[^1]);
        var ended = Assert.IsType<ToolCallEnded>(answer.Contents[^2]);
        var pieces = answer.Contents.Skip(1).SkipLast(2).Select(Assert.IsType<ToolCallArgumentsDelta>).ToArray();
        Assert.True(pieces.Length > (StreamsArguments ? 1 : 0));
        Assert.All([started.CallId, ended.CallId, .. pieces.Select(piece => piece.CallId)], id => Assert.Equal(call.CallId, id));
        Assert.Equal(started.Name, call.Name);
        Assert.Equal("""{"city":"Paris"}""", string.Concat(pieces.Select(piece => piece.Delta)));
        Assert.Equal("""{"city":"Paris"}""", JsonSerializer.Serialize(call.Arguments));
        Assert.Equal(ChatFinishReason.ToolCalls, answer.Finish);
    }

    [Fact]
    public async Task Client_NotStreamed_GivesTheSameAnswerWhole()
    {
        await using var test = new Test(this, UpstreamBehaviour.ToolCall);

        var streamed = await test.AskAsync();
        var response = await test.Client.GetResponseAsync(test.Upstream.Question, cancellationToken: TestContext.Current.CancellationToken);

        var call = Assert.IsType<FunctionCallContent>(Assert.Single(response.Messages.SelectMany(message => message.Contents)));
        Assert.Equal(Describe(streamed.Contents[^1]), Describe(call));
        Assert.Equal(streamed.Finish, response.FinishReason);
        Assert.NotNull(response.Usage);
    }

    [Fact]
    public async Task Client_Cancelled_StopsTheUpstreamCall()
    {
        await using var test = new Test(this, UpstreamBehaviour.SilentAfterText);
        using var cancel = new CancellationTokenSource();
        await using var updates = test.Stream(cancel.Token).GetAsyncEnumerator(cancel.Token);
        await ReadTextAsync(updates);

        var next = updates.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await test.Upstream.CallClosed.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public async Task Client_SilentUpstream_EndsAtTheLimit()
    {
        Assert.NotEmpty(Timeouts);
        foreach (var (behaviour, limit, failure) in Timeouts)
        {
            await using var test = new Test(this, behaviour);
            await using var updates = test.Stream(TestContext.Current.CancellationToken)
                .GetAsyncEnumerator(TestContext.Current.CancellationToken);
            if (behaviour == UpstreamBehaviour.SilentAfterText)
            {
                await ReadTextAsync(updates);
            }

            var rest = ReadUsageAsync(updates);
            _time.Advance(limit - TimeSpan.FromMilliseconds(1));
            Assert.False(rest.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(1));

            Assert.Equal(failure, (await Assert.ThrowsAsync<ProviderException>(() => rest)).Failure);
        }
    }

    [Fact]
    public async Task Client_UpstreamFails_IsOneExceptionAfterTheText()
    {
        Assert.NotEmpty(Failures);
        foreach (var (behaviour, failure, message) in Failures)
        {
            await using var test = new Test(this, behaviour);

            var answer = await test.AskAsync();

            Assert.Equal(failure, answer.Exception?.Failure);
            Assert.Equal(test.Upstream.Provider, answer.Exception!.Provider);
            Assert.Contains(message, answer.Exception.UserMessage, StringComparison.Ordinal);
            Assert.EndsWith(".", answer.Exception.UserMessage, StringComparison.Ordinal);
            var hasText = behaviour is UpstreamBehaviour.ErrorAfterText or UpstreamBehaviour.BrokenAfterText;
            Assert.Equal(hasText, answer.Contents.OfType<TextContent>().Any());
            Assert.Null(answer.Finish);
        }
    }

    [Fact]
    public async Task Client_UpstreamSendsTheSecretBack_KeepsItOutOfErrorsAndLogs()
    {
        foreach (var (behaviour, _, _) in Failures)
        {
            await using var test = new Test(this, behaviour);

            var exception = (await test.AskAsync()).Exception!;

            string?[] texts = [exception.ToString(), exception.Message, exception.UserMessage, exception.Detail, .. _log.Lines];
            Assert.All(texts, text => Assert.DoesNotContain(Secret, text ?? "", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task Provider_Models_AreFoundByTheirNames()
    {
        await using var test = new Test(this, UpstreamBehaviour.Answer);

        var listed = await test.Provider.ListModelsAsync(TestContext.Current.CancellationToken);

        ModelDescription[] models = [.. test.Provider.Models, .. listed];
        Assert.Contains(test.Upstream.Model, (HasModelList ? listed : test.Provider.Models).Select(model => model.Name));
        Assert.Distinct(listed.Select(model => model.Name));
        Assert.Distinct(test.Provider.Models.Select(model => model.Name));
        Assert.All(models, model =>
        {
            Assert.True(ModelDescription.IsValidName(model.Name));
            Assert.NotEmpty(model.DisplayName);
            Assert.Equal(model.Name, test.Provider.Find(model.Name)?.Name);
            Assert.NotNull(test.Provider.CreateClient(model.Name));
        });
        Assert.All(test.Provider.Aliases.Values, model => Assert.NotNull(test.Provider.Find(model)));
    }

    [Fact]
    public async Task Provider_ListingCancelled_IsCancelled()
    {
        await using var test = new Test(this, UpstreamBehaviour.Answer);
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();

        var listing = test.Provider.ListModelsAsync(cancel.Token);

        if (HasModelList)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listing);
        }
        else
        {
            Assert.Empty(await listing);
        }
    }

    [Fact]
    public async Task Provider_Names_AreTheConfiguredOneAndOneToShow()
    {
        await using var test = new Test(this, UpstreamBehaviour.Answer);

        Assert.Equal(test.Upstream.Provider, test.Provider.Name);
        Assert.NotEmpty(test.Provider.DisplayName);
    }

    [Fact]
    public void Settings_Invalid_NameTheSettingAndSayWhatToType()
    {
        Assert.NotEmpty(Invalid);
        foreach (var (lines, setting, whatToType) in Invalid)
        {
            using var services = TestProviders.Services(lines, _time, AddFamily, _log);

            var exception = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<RoutingOptions>>().Value);

            var failure = Assert.Single(exception.Failures);
            Assert.Contains(setting, failure, StringComparison.OrdinalIgnoreCase);
            Assert.Contains(whatToType, failure, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, exception.ToString(), StringComparison.OrdinalIgnoreCase);
        }
    }

    private static async Task ReadTextAsync(IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        do
        {
            Assert.True(await updates.MoveNextAsync());
        } while (updates.Current.Text.Length == 0);
    }

    // Where the provider counts from the start, the failure comes after the usage so far.
    private static async Task ReadUsageAsync(IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        while (await updates.MoveNextAsync())
        {
            Assert.All(updates.Current.Contents, content => Assert.IsType<UsageContent>(content));
        }
    }

    private static string Describe(AIContent content) =>
        content switch
        {
            TextContent text => $"text {text.Text}",
            TextReasoningContent reasoning => $"reasoning {reasoning.Text}",
            ToolCallStarted started => $"started {started.CallId} {started.Name}",
            ToolCallArgumentsDelta piece => $"arguments {piece.CallId} {piece.Delta}",
            ToolCallEnded ended => $"ended {ended.CallId}",
            FunctionCallContent call => $"call {call.CallId} {call.Name} {JsonSerializer.Serialize(call.Arguments)}",
            _ => content.GetType().Name,
        };

    /// <summary>One provider in front of one upstream.</summary>
    private sealed class Test : IAsyncDisposable
    {
        private readonly ServiceProvider _services;

        public Test(ModelProviderContract contract, UpstreamBehaviour behaviour)
        {
            Upstream = contract.Start(behaviour);
            _services = TestProviders.Services(Upstream.Settings, contract._time, contract.AddFamily, contract._log);
            var configured = _services.GetRequiredService<IOptions<RoutingOptions>>().Value.Providers;
            Provider = configured.Single(provider => provider.Name == Upstream.Provider).Setup.Create();
            Client = Provider.CreateClient(Upstream.Model);
        }

        public UpstreamUnderTest Upstream { get; }

        public IModelProvider Provider { get; }

        public IChatClient Client { get; }

        public IAsyncEnumerable<ChatResponseUpdate> Stream(CancellationToken cancellationToken) =>
            Client.GetStreamingResponseAsync(Upstream.Question, cancellationToken: cancellationToken);

        public async Task<Asked> AskAsync()
        {
            List<AIContent> contents = [];
            ChatFinishReason? finish = null;
            UsageDetails? usage = null;
            ProviderException? exception = null;
            try
            {
                await foreach (var update in Stream(TestContext.Current.CancellationToken))
                {
                    finish ??= update.FinishReason;
                    usage = update.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? usage;
                    contents.AddRange(update.Contents.Where(content => content is not UsageContent));
                }
            }
            catch (ProviderException thrown)
            {
                exception = thrown;
            }

            return new Asked(contents, finish, usage, exception);
        }

        public async ValueTask DisposeAsync()
        {
            Provider.Dispose();
            await _services.DisposeAsync();
            await Upstream.DisposeAsync();
        }
    }

    private sealed record Asked(
        IReadOnlyList<AIContent> Contents,
        ChatFinishReason? Finish,
        UsageDetails? Usage,
        ProviderException? Exception
    );
}
