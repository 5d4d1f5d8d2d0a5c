using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Gemini;

/// <summary><c>GET {base}/models</c>, page by page.</summary>
internal static class GeminiModelList
{
    private const int MaxBytes = 4 * 1024 * 1024;
    private const int MaxPages = 10;

    // These generate content too, but not chat messages.
    private static readonly SearchValues<string> OtherKinds = SearchValues.Create(
        [
            "embedding",
            "aqa",
            "imagen",
            "veo",
            "lyria",
            "-image",
            "-tts",
            "-live",
            "-audio",
            "transcribe",
            "translate",
            "robotics",
            "computer-use",
        ],
        StringComparison.OrdinalIgnoreCase
    );

    /// <summary>The models that can chat, in the server's order, each once.</summary>
    public static async Task<IReadOnlyList<(string Id, string? Name)>> GetAsync(
        ProviderEndpoint endpoint,
        HttpClient http,
        CancellationToken cancellationToken
    )
    {
        List<(string Id, string? Name)> models = [];
        string? token = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var query = "pageSize=1000" + (token is null ? "" : $"&pageToken={Uri.EscapeDataString(token)}");
            var body = await ProviderDocument.GetAsync(endpoint, http, "/models", MaxBytes, cancellationToken, query);
            try
            {
                using var json = JsonDocument.Parse(body);
                models.AddRange(Read(json.RootElement));
                var next = Text(json.RootElement, "nextPageToken");
                if (next is null || next == token)
                {
                    break;
                }

                token = next;
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
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("models", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        foreach (var item in list.EnumerateArray())
        {
            const string prefix = "models/";
            var name = Text(item, "name");
            name = name?.StartsWith(prefix, StringComparison.Ordinal) == true ? name[prefix.Length..] : name;
            if (ModelDescription.IsValidName(name) && !name.AsSpan().ContainsAny(OtherKinds) && GeneratesContent(item))
            {
                yield return (name!, Text(item, "displayName"));
            }
        }
    }

    private static bool GeneratesContent(JsonElement item) =>
        !item.TryGetProperty("supportedGenerationMethods", out var methods)
        || methods.ValueKind != JsonValueKind.Array
        || methods.EnumerateArray().Any(method => method.ValueKind == JsonValueKind.String && method.ValueEquals("generateContent"));

    private static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() is { Length: > 0 } text
                ? text
                : null
            : null;
}
