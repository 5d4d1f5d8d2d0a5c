using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Transport;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Tests.Providers.Echo;

internal sealed class EchoProvider : IModelProvider
{
    private readonly ProviderEndpoint _endpoint;
    private readonly HttpClient _http;

    public EchoProvider(string name, EchoOptions options, TimeProvider time, ILogger logger)
    {
        Name = name;
        Models = [.. options.Models.Select(Describe)];
        _endpoint = ProviderEndpoint.Create(name, options, new ApiKeyHeader("x-api-key"), new EchoErrorMessages(), time, logger);
        _http = _endpoint.CreateHttpClient();
    }

    public string Name { get; }

    public string DisplayName => "The Echo";

    public IReadOnlyList<ModelDescription> Models { get; }

    public IReadOnlyDictionary<string, string> Aliases { get; } = new Dictionary<string, string> { ["hill"] = "m" };

    public ModelDescription? Find(string model) => ModelDescription.IsValidName(model) ? Describe(model) : null;

    public async Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken)
    {
        var body = await ProviderDocument.GetAsync(_endpoint, _http, "/models", maxBytes: 1024, cancellationToken);
        return [.. Encoding.UTF8.GetString(body.Span).Split('\n').Select(Describe)];
    }

    public IChatClient CreateClient(string model) => new EchoChatClient(_http, _endpoint, model);

    public void Dispose() => _http.Dispose();

    private static ModelDescription Describe(string model) => new(model) { DisplayName = $"Echo {model}" };
}

/// <summary>
/// Frames: <c>t:</c> text, <c>r:</c> reasoning, <c>c:</c> a piece of a tool call, <c>u</c> usage, <c>e:</c> an error, <c>.</c> the end.
/// </summary>
internal sealed class EchoChatClient(HttpClient http, ProviderEndpoint endpoint, string model) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => GetStreamingResponseAsync(messages, options, cancellationToken).ToWholeResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        using var request = endpoint.CreateRequest(HttpMethod.Post, "/echo");
        request.Content = new StringContent(messages.Last().Text);
        using var stream = await ProviderStream.OpenAsync(endpoint, http, request, cancellationToken);
        var answer = new AnswerBuilder(model, endpoint.MaxFrameBytes);
        ProviderFailure? failure = null;
        while (failure is null && await stream.ReadAsync())
        {
            failure = Read(stream.Data, answer);
            if (answer.Ready.Count == 0)
            {
                continue;
            }

            stream.ContentArrived();
            if (answer.IsFinished)
            {
                stream.Finished();
            }

            foreach (var update in answer.Ready)
            {
                yield return update;
            }

            answer.Ready.Clear();
        }

        answer.End();
        foreach (var update in answer.Ready)
        {
            yield return update;
        }

        if (!answer.IsFinished)
        {
            throw stream.Failure ?? endpoint.Fail(failure ?? ProviderFailure.CutShort, Encoding.UTF8.GetString(stream.Data));
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() { }

    private static ProviderFailure? Read(ReadOnlySpan<byte> frame, AnswerBuilder answer)
    {
        switch ((char)frame[0])
        {
            case 't':
                answer.AddText(frame[2..], escaped: false);
                return null;
            case 'r':
                answer.AddReasoning(frame[2..], escaped: false);
                return null;
            case 'c':
                answer.AddToolCall(index: 0, "c1", "weather", Encoding.UTF8.GetString(frame[2..]));
                return null;
            case 'u':
                answer.Usage = new UsageDetails
                {
                    InputTokenCount = 1,
                    OutputTokenCount = 2,
                    TotalTokenCount = 3,
                };
                return null;
            case '.':
                answer.Finish(reason: null);
                return null;
            default:
                return ProviderFailure.ReportedError;
        }
    }
}
