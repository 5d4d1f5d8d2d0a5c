namespace Parley.Streaming.Providers.Transport;

/// <summary>The request header that carries the API key.</summary>
/// <param name="Name">The header's name.</param>
/// <param name="Scheme">What stands before the key; null where the header is the key alone.</param>
public sealed record ApiKeyHeader(string Name, string? Scheme = null)
{
    /// <summary><c>Authorization: Bearer</c>.</summary>
    public static ApiKeyHeader Bearer { get; } = new("Authorization", "Bearer");

    /// <summary>The header's value.</summary>
    public string ValueOf(string key) => Scheme is null ? key : $"{Scheme} {key}";
}
