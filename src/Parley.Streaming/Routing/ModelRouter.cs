using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Routing;

/// <summary>The catalogue of models: turns the name that a request has into a client. Owns the providers.</summary>
public sealed class ModelRouter : IDisposable
{
    private const int MaxAliasDepth = 4;
    private static readonly TimeSpan ListLifetime = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;
    private readonly string? _defaultModel;
    private readonly List<CatalogueProvider> _providers;
    private readonly Dictionary<string, string> _aliases = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _builtInAliases = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<KnownProvider> _unconfigured;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _lock = new();
    private Task? _refresh;
    private long _refreshedAt;

    public ModelRouter(IOptions<RoutingOptions> options, TimeProvider time, ILogger<ModelRouter> logger)
    {
        _time = time;
        _defaultModel = options.Value.DefaultModel;
        _unconfigured = [.. options.Value.Unconfigured];
        _providers = [.. options.Value.Providers.Select(configured => Create(configured, time, logger))];
        foreach (var provider in _providers)
        {
            foreach (var (alias, model) in provider.Aliases)
            {
                (provider.IsBuiltIn ? _builtInAliases : _aliases).TryAdd(alias, $"{provider.Name}/{model}");
            }
        }

        foreach (var (alias, target) in options.Value.Aliases)
        {
            _aliases[alias] = target;
        }
    }

    /// <summary>The aliases of models, the configured and the presets' ones; not those of built-in models.</summary>
    public IEnumerable<string> Aliases => _aliases.Keys;

    /// <summary>
    /// The route of <c>provider/model</c>, of an alias, or of a model's name that only one provider has; <c>auto</c> or an empty
    /// name means the default model. Null where there is no such model. Makes no request.
    /// </summary>
    public ModelRoute? Resolve(string? requested) => Resolve(requested, depth: 0);

    /// <summary>
    /// Why <see cref="Resolve(string?)"/> has no route: the provider that the id or the alias names is known, but nothing configures it.
    /// Null where that is not the reason.
    /// </summary>
    public KnownProvider? FindUnconfigured(string? requested)
    {
        var id = requested?.Trim() ?? "";
        for (var depth = 0; depth < MaxAliasDepth && _aliases.TryGetValue(id, out var target); depth++)
        {
            id = target;
        }

        var provider = id.Split('/', 2)[0];
        return Resolve(requested) is not null
            ? null
            : _unconfigured.Find(known =>
                known.Aliases.Contains(id, StringComparer.OrdinalIgnoreCase)
                || (provider.Length < id.Length && known.Name.Equals(provider, StringComparison.OrdinalIgnoreCase))
            );
    }

    /// <summary>
    /// The models to choose from: configured ones, those that the providers listed, and built-in ones. Lists are fetched in the
    /// background and kept for 10 minutes; only the first call waits for them, 3 seconds at most.
    /// </summary>
    public async Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken)
    {
        var refresh = RefreshIfStale(out var isFirst);
        if (isFirst)
        {
            await refresh.WaitAsync(cancellationToken);
        }

        return [.. _providers.SelectMany(provider => provider.Listings)];
    }

    public void Dispose()
    {
        _disposed.Cancel();
        foreach (var provider in _providers)
        {
            provider.Dispose();
        }

        _disposed.Dispose();
    }

    private static CatalogueProvider Create(ConfiguredProvider configured, TimeProvider time, ILogger logger) =>
        new(configured.Setup.Create(), configured.Family.IsBuiltIn, time, logger);

    private ModelRoute? Resolve(string? requested, int depth)
    {
        var id = requested?.Trim();
        if (string.IsNullOrEmpty(id) || id.Equals("auto", StringComparison.OrdinalIgnoreCase))
        {
            return depth < MaxAliasDepth ? Default(depth) : null;
        }

        if (_aliases.TryGetValue(id, out var target) || _builtInAliases.TryGetValue(id, out target))
        {
            return depth < MaxAliasDepth ? Resolve(target, depth + 1) : null;
        }

        if (!ModelDescription.IsValidName(id))
        {
            return null;
        }

        return ByQualifiedName(id) ?? ByModelName(id);
    }

    private ModelRoute? Default(int depth)
    {
        if (!string.IsNullOrWhiteSpace(_defaultModel) && Resolve(_defaultModel, depth + 1) is { } configured)
        {
            return configured;
        }

        foreach (var provider in _providers)
        {
            if (provider.DefaultModel is { } model)
            {
                return provider.Route(model.Name);
            }
        }

        return null;
    }

    private ModelRoute? ByQualifiedName(string id)
    {
        var slash = id.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < id.Length - 1
            ? _providers.Find(provider => provider.Name.Equals(id[..slash], StringComparison.OrdinalIgnoreCase))?.Route(id[(slash + 1)..])
            : null;
    }

    private ModelRoute? ByModelName(string model)
    {
        var having = _providers.FindAll(provider => !provider.IsBuiltIn && provider.Has(model));
        return having.Count == 1 ? having[0].Route(model) : null;
    }

    // One refresh at a time. Its task is kept and never faults: a provider that fails keeps its last list.
    private Task RefreshIfStale(out bool isFirst)
    {
        lock (_lock)
        {
            isFirst = _refreshedAt == 0;
            if (_refresh is { IsCompleted: false })
            {
                return _refresh;
            }

            if (_refresh is null || _time.GetElapsedTime(_refreshedAt) >= ListLifetime)
            {
                _refresh = RefreshAsync(_disposed.Token);
            }

            return _refresh;
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_providers.Select(provider => provider.RefreshAsync(cancellationToken)));
        }
        catch (OperationCanceledException)
        {
            // The router is being disposed.
        }

        Volatile.Write(ref _refreshedAt, Math.Max(1, _time.GetTimestamp()));
    }
}
