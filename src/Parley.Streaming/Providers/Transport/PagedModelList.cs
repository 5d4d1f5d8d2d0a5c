using System.Text.Json;

namespace Parley.Streaming.Providers.Transport;

/// <summary><c>GET {base}/models</c>, page by page.</summary>
internal static class PagedModelList
{
    private const int MaxBytes = 4 * 1024 * 1024;
    private const int MaxPages = 10;

    /// <summary>The models, in the server's order, each once. At most 10 pages of 4 MiB.</summary>
    /// <param name="endpoint">The provider.</param>
    /// <param name="http">Its HTTP client.</param>
    /// <param name="query">The query for a page, given the cursor of the page before; null for the first page.</param>
    /// <param name="read">Reads the models of a page.</param>
    /// <param name="next">Reads the cursor of the next page; null on the last page.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="ProviderException">The provider failed, or a page is not what it should be.</exception>
    public static async Task<IReadOnlyList<(string Id, string? Name)>> GetAsync(
        ProviderEndpoint endpoint,
        HttpClient http,
        Func<string?, string> query,
        Func<JsonElement, IEnumerable<(string Id, string? Name)>> read,
        Func<JsonElement, string?> next,
        CancellationToken cancellationToken
    )
    {
        List<(string Id, string? Name)> models = [];
        string? cursor = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var body = await ProviderDocument.GetAsync(endpoint, http, "/models", MaxBytes, cancellationToken, query(cursor));
            try
            {
                using var json = JsonDocument.Parse(body);
                models.AddRange(read(json.RootElement));
                var following = next(json.RootElement);
                if (following is null || following == cursor)
                {
                    break;
                }

                cursor = following;
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                // InvalidOperationException: a string that is not valid text.
                throw endpoint.Fail(ProviderFailure.UnexpectedContent, $"/models: {exception.GetType().Name}");
            }
        }

        return [.. models.DistinctBy(model => model.Id, StringComparer.Ordinal)];
    }

    /// <summary>The elements of a list in an object; none where there is no such list.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray()
            : [];

    /// <summary>A string in an object; null where it is missing, empty or not a string.</summary>
    public static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() is { Length: > 0 } text
                ? text
                : null
            : null;
}
