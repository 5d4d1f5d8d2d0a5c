namespace Parley.Server.RateLimiting;

/// <summary>The names of rate limit policies. Each route declares one; no limit is enforced.</summary>
public static class RateLimitPolicies
{
    /// <summary>Starts a generation.</summary>
    public const string Chat = "chat";

    /// <summary>Stores or changes data.</summary>
    public const string Write = "write";

    /// <summary>Reads stored data.</summary>
    public const string Read = "read";

    /// <summary>Follows, resumes or stops a generation: must stay possible for a client that reconnects.</summary>
    public const string Follow = "follow";

    /// <summary>Health checks and the API document.</summary>
    public const string Open = "open";
}

/// <summary>The rate limit policy of a route. A declaration only.</summary>
/// <param name="Policy">One of <see cref="RateLimitPolicies"/>.</param>
public sealed record RateLimitPolicyMetadata(string Policy);

public static class RateLimitPolicyExtensions
{
    /// <summary>Declares the rate limit policy of a route.</summary>
    public static TBuilder WithRateLimitPolicy<TBuilder>(this TBuilder route, string policy)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RateLimitPolicyMetadata(policy));
}
