using System.Text.Json;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary><c>GET {base}/models</c>, page by page.</summary>
internal static class AnthropicModelList
{
    private const int MaxBytes = 4 * 1024 * 1024;
    private const int MaxPages = 10;

    /// <summary>The models, in the server's order, each once.</summary>
    public static async Task<IReadOnlyList<(string Id, string? Name)>> GetAsync(
        ProviderEndpoint endpoint,
        HttpClient http,
        CancellationToken cancellationToken
    )
    {
        List<(string Id, string? Name)> models = [];
        string? after = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var query = "limit=1000" + (after is null ? "" : $"&after_id={Uri.EscapeDataString(after)}");
            var body = await ProviderDocument.GetAsync(endpoint, http, "/models", MaxBytes, cancellationToken, query);
            try
            {
                using var json = JsonDocument.Parse(body);
                models.AddRange(Read(json.RootElement));
                var next = NextPage(json.RootElement);
                if (next is null || next == after)
                {
                    break;
                }

                after = next;
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                // InvalidOperationException: a string that is not valid text.
                throw endpoint.Fail(ProviderFailure.UnexpectedContent, $"/models: {exception.GetType().Name}");
            }
        }

        return [.. models.DistinctBy(model => model.Id, StringComparer.Ordinal)];
    }

    private static IEnumerable<(string Id, string? Name)> Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        foreach (var item in list.EnumerateArray())
        {
            if (Text(item, "id") is { } id && ModelDescription.IsValidName(id))
            {
                yield return (id, Text(item, "display_name"));
            }
        }
    }

    private static string? NextPage(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("has_more", out var more) && more.ValueKind == JsonValueKind.True
            ? Text(root, "last_id")
            : null;

    private static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() is { Length: > 0 } text
                ? text
                : null
            : null;
}
