namespace Parley.Server.RateLimiting;

/// <summary>What a request is counted as. Every route declares one; a test goes over all routes.</summary>
public enum RateBucket
{
    /// <summary>Asks a model: 5 in 60 seconds by default.</summary>
    Chat,

    /// <summary>Stores or changes something: 10 in 60 seconds by default.</summary>
    Write,

    /// <summary>Reads what is stored: a generous bucket of its own.</summary>
    Read,

    /// <summary>Follows, resumes or stops an answer: never charged, since whoever lost a connection must be able to come back.</summary>
    Follow,

    /// <summary>The server's own: health, documents, the page.</summary>
    Open,
}

/// <summary>Declares the bucket of a route.</summary>
public sealed record RateBucketMetadata(RateBucket Bucket);

public static class RateBucketExtensions
{
    public static TBuilder CountedAs<TBuilder>(this TBuilder route, RateBucket bucket)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RateBucketMetadata(bucket));
}
