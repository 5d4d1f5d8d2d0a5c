using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>One OpenAI-compatible provider: its HTTP client, its models and its chat clients.</summary>
internal sealed class OpenAIProvider : IModelProvider
{
    private readonly ProviderEndpoint _endpoint;
    private readonly OpenAIClientOptions _clientOptions;
    private readonly ModelCapabilities _capabilities;
    private readonly HttpClient _http;
    private readonly bool _listsModels;

    public OpenAIProvider(string name, OpenAIProviderOptions options, OpenAIPreset? preset, TimeProvider time, ILogger logger)
    {
        Name = name;
        DisplayName = preset?.DisplayName ?? ProviderErrorMessages.SubjectOf(name);
        Aliases = preset?.Aliases ?? [];
        _capabilities = new ModelCapabilities { AcceptsPrefix = options.AcceptsPrefix };
        Models = [.. options.DescribeModels(Describe)];
        _listsModels = options.ListModels;
        _endpoint = ProviderEndpoint.Create(name, options, ApiKeyHeader.Bearer, new ProviderErrorMessages(DisplayName), time, logger);
        _clientOptions = new OpenAIClientOptions
        {
            IncludeUsage = options.IncludeUsage,
            PrefixStyle = options.PrefixStyle,
            UseMaxCompletionTokens = options.UseMaxCompletionTokens ?? OpenAIPreset.RequiresMaxCompletionTokens(_endpoint.BaseUrl),
        };
        _http = _endpoint.CreateHttpClient();
    }

    public string Name { get; }

    public string DisplayName { get; }

    public IReadOnlyList<ModelDescription> Models { get; }

    public IReadOnlyDictionary<string, string> Aliases { get; }

    /// <summary>Any valid name: servers have models that they do not list.</summary>
    public ModelDescription? Find(string model) => ModelDescription.IsValidName(model) ? Describe(model) : null;

    public async Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken) =>
        _listsModels ? [.. (await OpenAIModelList.GetAsync(_endpoint, _http, cancellationToken)).Select(Describe)] : [];

    public IChatClient CreateClient(string model) => new OpenAIChatClient(_http, _endpoint, model, _clientOptions);

    public void Dispose() => _http.Dispose();

    private ModelDescription Describe(string model) => new(model) { Capabilities = _capabilities };
}
