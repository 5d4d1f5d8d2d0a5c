using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers.Demo;

namespace Parley.Streaming.Routing;

/// <summary>The catalogue of models: turns what somebody asked for into a client. Owns the HTTP clients.</summary>
public sealed class ModelRouter : IDisposable
{
    private const int MaxAliasDepth = 4;
    private const int MaxModelName = 200;
    private static readonly TimeSpan ListLifetime = TimeSpan.FromMinutes(10);

    private readonly RoutingOptions _options;
    private readonly TimeProvider _time;
    private readonly List<ModelProvider> _providers;
    private readonly ModelRoute? _demo;
    private readonly ModelRoute _scripted;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _lock = new();
    private Task? _refresh;
    private long _refreshedAt;

    public ModelRouter(IOptions<RoutingOptions> options, TimeProvider time, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Value;
        _time = time;
        _providers = [.. _options.Providers.Select(p => new ModelProvider(p.Key, p.Value, time, loggers ?? NullLoggerFactory.Instance))];
        var builtIn = new ModelCapabilities(AcceptsPrefix: true, IsDemo: true);
        _demo = _options.Demo.Enabled ? new(DemoChatClient.ModelId, "demo", "parley", new DemoChatClient(time, _options.Demo), builtIn) : null;
        _scripted = new(ScriptedChatClient.ModelId, "demo", "scripted", new ScriptedChatClient(time), builtIn);
    }

    /// <summary>
    /// The route of <c>provider/model</c>, an alias, or a model's name that one provider alone has; <c>auto</c> or nothing
    /// means the default. Null where there is no such model. Never waits: a provider is not asked.
    /// </summary>
    public ModelRoute? Resolve(string? requested) => Resolve(requested, depth: 0);

    /// <summary>Further names that models can be asked for by.</summary>
    public IEnumerable<string> Aliases => _options.Aliases.Keys;

    /// <summary>
    /// The models to choose from: the demo, the configured ones, and what the providers listed. Lists are fetched in the
    /// background and kept for 10 minutes; only the first call waits for them, 3 seconds at most.
    /// </summary>
    public async Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken)
    {
        var refresh = RefreshIfStale(out var isFirst);
        if (isFirst)
            await refresh.WaitAsync(cancellationToken).ConfigureAwait(false);

        List<ModelListing> models = [];
        foreach (var provider in _providers)
        {
            models.AddRange(provider.Configured.Select(m => Listing(provider, m, isConfigured: true)));
            models.AddRange(provider.Listed.Select(m => Listing(provider, m, isConfigured: false)));
        }
        if (_demo is not null)
            models.Add(Listing(_demo));
        if (_options.Demo.Scripted)
            models.Add(Listing(_scripted));
        return models;
    }

    public void Dispose()
    {
        _disposed.Cancel();
        foreach (var provider in _providers)
            provider.Dispose();
        _disposed.Dispose();
    }

    internal static bool IsModelName(string? name) =>
        name is { Length: > 0 and <= MaxModelName } && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || char.IsSurrogate(c));

    private ModelRoute? Resolve(string? requested, int depth)
    {
        var id = requested?.Trim();
        if (string.IsNullOrEmpty(id) || id.Equals("auto", StringComparison.OrdinalIgnoreCase))
            return depth < MaxAliasDepth ? Default(depth) : null;
        if (_options.Aliases.TryGetValue(id, out var target))
            return depth < MaxAliasDepth ? Resolve(target, depth + 1) : null;
        if (!IsModelName(id))
            return null;
        if (BuiltIn(id) is { } builtIn)
            return builtIn;

        var slash = id.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && slash < id.Length - 1 && _providers.Find(p => p.Name.Equals(id[..slash], StringComparison.OrdinalIgnoreCase)) is { } named)
            return Route(named, id[(slash + 1)..]);
        var having = _providers.FindAll(p => p.Has(id));
        return having.Count == 1 ? Route(having[0], id) : null;
    }

    private ModelRoute? Default(int depth)
    {
        if (!string.IsNullOrWhiteSpace(_options.DefaultModel) && Resolve(_options.DefaultModel, depth + 1) is { } configured)
            return configured;
        var first = _providers.Find(p => p.DefaultModel is not null);
        return first is null ? _demo : Route(first, first.DefaultModel!);
    }

    private ModelRoute? BuiltIn(string id) => id.ToLowerInvariant() switch
    {
        ScriptedChatClient.ModelId or "scripted" => _scripted,
        DemoChatClient.ModelId => _demo,
        _ => null,
    };

    private static ModelRoute Route(ModelProvider provider, string model) =>
        new($"{provider.Name}/{model}", provider.Name, model, provider.CreateClient(model), provider.Capabilities);

    private static ModelListing Listing(ModelProvider provider, string model, bool isConfigured) =>
        new($"{provider.Name}/{model}", provider.Name, model, provider.Capabilities, isConfigured);

    private static ModelListing Listing(ModelRoute route) => new(route.Id, route.Provider, route.Model, route.Capabilities, IsConfigured: true);

    // One refresh at a time. Its task is kept and never faults: a provider that fails keeps its last list.
    private Task RefreshIfStale(out bool isFirst)
    {
        lock (_lock)
        {
            isFirst = _refreshedAt == 0;
            if (_refresh is { IsCompleted: false })
                return _refresh;
            if (_refresh is null || _time.GetElapsedTime(_refreshedAt) >= ListLifetime)
                _refresh = RefreshAsync(_disposed.Token);
            return _refresh;
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_providers.Select(p => p.RefreshAsync(cancellationToken))).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The router is being disposed.
        }
        Volatile.Write(ref _refreshedAt, Math.Max(1, _time.GetTimestamp()));
    }
}
