using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Chooses the model of a request.</summary>
public static class ModelChoice
{
    /// <summary>
    /// The requested model; without one the conversation's model, or the server's default when that one is no longer available. Null when
    /// the requested model is unknown.
    /// </summary>
    public static Func<string?, string?>? Of(ModelRouter router, string? requested) =>
        router.Resolve(requested) is { } route
            ? current => requested is null && current is not null ? (router.Resolve(current) ?? route).Id : route.Id
            : null;

    /// <summary>The requested model; without one the model of the first answer, with no fallback.</summary>
    public static Func<string?, string?> SameAs(ModelRouter router, string? requested) =>
        current => router.Resolve(requested ?? current)?.Id;
}
