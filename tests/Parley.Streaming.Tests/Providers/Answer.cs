using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Tests.Providers;

/// <summary>All that a client yielded, and how it ended.</summary>
internal sealed record Answer(List<AIContent> Contents, ChatFinishReason? Finish, UsageDetails? Usage, ProviderException? Error)
{
    public const string Key = "sk-canary-0123456789";

    public string Text => string.Concat(Contents.OfType<TextContent>().Select(content => content.Text));

    public string Reasoning => string.Concat(Contents.OfType<TextReasoningContent>().Select(content => content.Text));

    /// <summary>The tool calls and what lies between them, in a form to compare.</summary>
    public string Calls =>
        string.Join(
            " ",
            Contents
                .Select(c =>
                    c switch
                    {
                        ToolCallStarted call => $"{call.Name}#{call.CallId}(",
                        ToolCallArgumentsDelta piece => piece.Delta,
                        ToolCallEnded => ")",
                        FunctionResultContent result => $"={result.Result}",
                        _ => "",
                    }
                )
                .Where(text => text.Length > 0)
        );

    public static Task<Answer> OfAsync(IChatClient client, string question) => OfAsync(client, [new ChatMessage(ChatRole.User, question)]);

    public static async Task<Answer> OfAsync(IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions? options = null)
    {
        List<AIContent> contents = [];
        ChatFinishReason? finish = null;
        UsageDetails? usage = null;
        try
        {
            await foreach (var update in client.GetStreamingResponseAsync(messages, options, TestContext.Current.CancellationToken))
            {
                finish ??= update.FinishReason;
                usage = update.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? usage;
                contents.AddRange(update.Contents.Where(content => content is not UsageContent));
            }

            return new Answer(contents, finish, usage, null);
        }
        catch (ProviderException exception)
        {
            return new Answer(contents, finish, usage, exception);
        }
    }

    /// <summary>Asks a raw upstream through the OpenAI client.</summary>
    public static async Task<Answer> OfAsync(
        RawUpstream upstream,
        TimeProvider? time = null,
        ProviderTimeouts? timeouts = null,
        int? maxFrameBytes = null
    )
    {
        var endpoint = Endpoint(upstream.BaseUrl, time, timeouts, maxFrameBytes);
        using var http = endpoint.CreateHttpClient();
        using var client = new OpenAIChatClient(http, endpoint, "m");
        return await OfAsync(client, "hi");
    }

    /// <summary>Asks a raw upstream through the provider <c>up</c> of a family.</summary>
    public static async Task<Answer> OfAsync(
        RawUpstream upstream,
        string type,
        string model,
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        params string[] settings
    )
    {
        using var services = TestProviders.Services([
            $"Providers:up:Type={type}",
            $"Providers:up:BaseUrl={upstream.BaseUrl}",
            $"Providers:up:ApiKey={Key}",
            .. settings.Select(setting => $"Providers:up:{setting}"),
        ]);
        return await OfAsync(services.Router().Resolve($"up/{model}")!.Client, messages, options);
    }

    public static ProviderEndpoint Endpoint(
        Uri baseUrl,
        TimeProvider? time = null,
        ProviderTimeouts? timeouts = null,
        int? maxFrameBytes = null
    ) =>
        new()
        {
            Name = "test",
            BaseUrl = baseUrl,
            ApiKey = Key,
            Time = time ?? TimeProvider.System,
            Timeouts = timeouts ?? new ProviderTimeouts(),
            MaxFrameBytes = maxFrameBytes ?? SseReader.DefaultMaxEventBytes,
        };
}
