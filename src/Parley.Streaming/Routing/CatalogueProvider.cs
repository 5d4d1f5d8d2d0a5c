using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Routing;

/// <summary>One provider in the catalogue: its known models, and the models that it listed last.</summary>
internal sealed class CatalogueProvider(IModelProvider provider, bool isBuiltIn, TimeProvider time, ILogger logger) : IDisposable
{
    private const int MaxListedModels = 1000;
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(3);
    private readonly HashSet<string> _known = [.. provider.Models.Select(model => model.Name)];
    private volatile ListedModels _listed = new([], hasAssumed: true);

    public string Name => provider.Name;

    public bool IsBuiltIn => isBuiltIn;

    public IReadOnlyDictionary<string, string> Aliases => provider.Aliases;

    public ModelDescription? DefaultModel => Known.Concat(_listed.Models).FirstOrDefault(model => model.MayBeDefault);

    public IEnumerable<ModelListing> Listings =>
        Known
            .Where(model => model.IsListed)
            .Select(model => Listing(model, isConfigured: true))
            .Concat(_listed.Models.Select(model => Listing(model, isConfigured: false)));

    private IEnumerable<ModelDescription> Known => provider.Models.Where(model => !model.IsAssumed || _listed.HasAssumed);

    /// <summary>Whether it is known to have a model of exactly this name.</summary>
    public bool Has(string model) => _known.Contains(model) || _listed.Names.Contains(model);

    public ModelRoute? Route(string model) =>
        provider.Find(model) is { } found
            ? new ModelRoute($"{Name}/{found.Name}", Name, found.Name, provider.CreateClient(found.Name), found.Capabilities)
            : null;

    /// <summary>Asks the provider for its models. After a failure the last list is kept. Throws only if cancelled.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ListTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var listed = await provider.ListModelsAsync(linked.Token);
            _listed = new(
                [.. listed.Where(model => model.IsListed && !_known.Contains(model.Name)).Take(MaxListedModels)],
                hasAssumed: listed.Count == 0 || provider.Models.All(model => !model.IsAssumed || listed.Any(one => one.Name == model.Name))
            );
        }
        catch (Exception exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (exception is ProviderException or OperationCanceledException)
            {
                CatalogueLog.ListFailed(logger, Name, (exception as ProviderException)?.Failure);
            }
            else
            {
                // A defect in one family must not keep the other providers' models from the list.
                CatalogueLog.ListThrew(logger, Name, exception.GetType().Name);
            }
        }
    }

    public void Dispose() => provider.Dispose();

    private ModelListing Listing(ModelDescription model, bool isConfigured) =>
        new($"{Name}/{model.Name}", Name, model.Name, model.DisplayName, model.Capabilities, isConfigured);

    private sealed class ListedModels(IReadOnlyList<ModelDescription> models, bool hasAssumed)
    {
        /// <summary>The provider has the models that its family assumes, or has not said otherwise.</summary>
        public bool HasAssumed => hasAssumed;

        public IReadOnlyList<ModelDescription> Models => models;

        public HashSet<string> Names { get; } = [.. models.Select(model => model.Name)];
    }
}

internal static partial class CatalogueLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Provider {Provider} did not list its models; failure: {Failure}")]
    public static partial void ListFailed(ILogger logger, string provider, ProviderFailure? failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Listing the models of provider {Provider} threw {Exception}")]
    public static partial void ListThrew(ILogger logger, string provider, string exception);
}
