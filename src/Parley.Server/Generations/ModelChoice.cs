using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Which model a request is for.</summary>
public static class ModelChoice
{
    /// <summary>The requested model; without one that of the conversation, or the default where the conversation's is gone. Null when the requested one is not known.</summary>
    public static Func<string?, string?>? Of(ModelRouter router, string? requested) =>
        router.Resolve(requested) is { } route
            ? usual => requested is null && usual is not null ? (router.Resolve(usual) ?? route).Id : route.Id
            : null;

    /// <summary>The requested model; without one that of the first answer, and no other.</summary>
    public static Func<string?, string?> SameAs(ModelRouter router, string? requested) => usual => router.Resolve(requested ?? usual)?.Id;
}
