using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>One provider that speaks the Messages API: its HTTP client, its models and its chat clients.</summary>
internal sealed class AnthropicProvider : IModelProvider
{
    private readonly ProviderEndpoint _endpoint;
    private readonly AnthropicClientOptions _clientOptions;
    private readonly HttpClient _http;
    private readonly bool _listsModels;

    public AnthropicProvider(string name, AnthropicProviderOptions options, TimeProvider time, ILogger logger)
    {
        Name = name;
        DisplayName = name == AnthropicFamily.ProviderName ? "Anthropic" : ProviderErrorMessages.SubjectOf(name);
        _clientOptions = new AnthropicClientOptions
        {
            MaxTokens = options.MaxTokens,
            ShowThinking = options.ShowThinking,
            CachePrompt = options.CachePrompt,
            AcceptsPrefix = options.AcceptsPrefix,
            HasSampling = options.Headers.TryGetValue(AnthropicFamily.VersionHeader, out var version) && version == AnthropicFamily.Version,
        };
        Models = [.. options.DescribeModels(model => Describe(model))];
        _listsModels = options.ListModels;
        _endpoint = ProviderEndpoint.Create(
            name,
            options,
            new ApiKeyHeader("x-api-key"),
            new ProviderErrorMessages(DisplayName),
            time,
            logger,
            AnthropicErrors.LimitHeaders,
            AnthropicErrors.Classify
        );
        _http = _endpoint.CreateHttpClient();
    }

    public string Name { get; }

    public string DisplayName { get; }

    public IReadOnlyList<ModelDescription> Models { get; }

    public IReadOnlyDictionary<string, string> Aliases { get; } = new Dictionary<string, string>();

    /// <summary>Any valid name: servers have models that they do not list.</summary>
    public ModelDescription? Find(string model) => ModelDescription.IsValidName(model) ? Describe(model) : null;

    public async Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken) =>
        _listsModels
            ? [.. (await AnthropicModelList.GetAsync(_endpoint, _http, cancellationToken)).Select(model => Describe(model.Id, model.Name))]
            : [];

    public IChatClient CreateClient(string model) => new AnthropicChatClient(_http, _endpoint, model, _clientOptions);

    public void Dispose() => _http.Dispose();

    private ModelDescription Describe(string model, string? displayName = null) =>
        new(model)
        {
            DisplayName = displayName ?? model,
            Capabilities = new ModelCapabilities { AcceptsPrefix = _clientOptions.AcceptsPrefix && AnthropicModel.Of(model).AcceptsPrefix },
        };
}
