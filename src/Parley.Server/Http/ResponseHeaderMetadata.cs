namespace Parley.Server.Http;

/// <summary>A header that every response of a route has, errors included.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Makes its value for a response.</param>
public sealed record ResponseHeaderMetadata(string Name, Func<string> Value);

/// <summary>
/// Responses of the route may be compressed, since they hold no personal data. Compressing secrets together with text that others control
/// would reveal them (BREACH).
/// </summary>
public sealed record CompressibleMetadata;

public static class ResponseMetadataExtensions
{
    public static TBuilder WithResponseHeader<TBuilder>(this TBuilder routes, string name, Func<string> value)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new ResponseHeaderMetadata(name, value));

    public static TBuilder AllowCompression<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new CompressibleMetadata());
}
