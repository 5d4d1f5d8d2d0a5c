using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>One provider that speaks the Gemini API: its HTTP client, its models and its chat clients.</summary>
internal sealed class GeminiProvider : IModelProvider
{
    private readonly ProviderEndpoint _endpoint;
    private readonly GeminiClientOptions _clientOptions;
    private readonly ModelCapabilities _capabilities;
    private readonly HttpClient _http;
    private readonly bool _listsModels;

    public GeminiProvider(string name, GeminiProviderOptions options, TimeProvider time, ILogger logger)
    {
        Name = name;
        DisplayName = ProviderErrorMessages.SubjectOf(name);
        Aliases = name == GeminiFamily.ProviderName ? GeminiFamily.Aliases : new Dictionary<string, string>();
        _capabilities = new ModelCapabilities { AcceptsPrefix = options.AcceptsPrefix };
        _clientOptions = new GeminiClientOptions { AcceptsPrefix = options.AcceptsPrefix, ShowThinking = options.ShowThinking };
        Models = [.. options.DescribeModels(model => Describe(model))];
        _listsModels = options.ListModels;
        _endpoint = ProviderEndpoint.Create(
            name,
            options,
            new ApiKeyHeader("x-goog-api-key"),
            new ProviderErrorMessages(DisplayName),
            time,
            logger,
            classify: GeminiErrors.Classify
        );
        _http = _endpoint.CreateHttpClient();
    }

    public string Name { get; }

    public string DisplayName { get; }

    public IReadOnlyList<ModelDescription> Models { get; }

    public IReadOnlyDictionary<string, string> Aliases { get; }

    /// <summary>Any valid name: servers have models that they do not list.</summary>
    public ModelDescription? Find(string model) => ModelDescription.IsValidName(model) ? Describe(model) : null;

    public async Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken) =>
        _listsModels
            ? [.. (await GeminiModelList.GetAsync(_endpoint, _http, cancellationToken)).Select(model => Describe(model.Id, model.Name))]
            : [];

    public IChatClient CreateClient(string model) => new GeminiChatClient(_http, _endpoint, model, _clientOptions);

    public void Dispose() => _http.Dispose();

    private ModelDescription Describe(string model, string? displayName = null) =>
        new(model) { DisplayName = displayName ?? model, Capabilities = _capabilities };
}
