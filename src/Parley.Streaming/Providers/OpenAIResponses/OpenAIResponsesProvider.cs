using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.OpenAIResponses;

/// <summary>One provider that speaks the Responses API: its HTTP client, its models and its chat clients.</summary>
internal sealed class OpenAIResponsesProvider : IModelProvider
{
    private readonly ProviderEndpoint _endpoint;
    private readonly HttpClient _http;
    private readonly bool _listsModels;
    private readonly bool _showsThinking;

    public OpenAIResponsesProvider(
        string name,
        OpenAIResponsesProviderOptions options,
        OpenAIPreset? preset,
        TimeProvider time,
        ILogger logger
    )
    {
        Name = name;
        DisplayName = preset?.DisplayName ?? ProviderErrorMessages.SubjectOf(name);
        Aliases = preset?.Aliases ?? [];
        Models = [.. options.DescribeModels(model => new ModelDescription(model))];
        _listsModels = options.ListModels;
        _showsThinking = options.ShowThinking;
        _endpoint = ProviderEndpoint.Create(name, options, ApiKeyHeader.Bearer, new ProviderErrorMessages(DisplayName), time, logger);
        _http = _endpoint.CreateHttpClient();
    }

    public string Name { get; }

    public string DisplayName { get; }

    public IReadOnlyList<ModelDescription> Models { get; }

    public IReadOnlyDictionary<string, string> Aliases { get; }

    /// <summary>Any valid name: servers have models that they do not list.</summary>
    public ModelDescription? Find(string model) => ModelDescription.IsValidName(model) ? new ModelDescription(model) : null;

    public async Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken) =>
        _listsModels
            ? [.. (await OpenAIModelList.GetAsync(_endpoint, _http, cancellationToken)).Select(model => new ModelDescription(model))]
            : [];

    public IChatClient CreateClient(string model) => new OpenAIResponsesChatClient(_http, _endpoint, model, _showsThinking);

    public void Dispose() => _http.Dispose();
}
