using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>The models that a server of the Gemini API lists and that can chat.</summary>
internal static class GeminiModelList
{
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

    public static Task<IReadOnlyList<(string Id, string? Name)>> GetAsync(
        ProviderEndpoint endpoint,
        HttpClient http,
        CancellationToken cancellationToken
    ) =>
        PagedModelList.GetAsync(
            endpoint,
            http,
            static token => "pageSize=1000" + (token is null ? "" : $"&pageToken={Uri.EscapeDataString(token)}"),
            Read,
            static root => PagedModelList.Text(root, "nextPageToken"),
            cancellationToken
        );

    private static IEnumerable<(string Id, string? Name)> Read(JsonElement root)
    {
        foreach (var item in PagedModelList.Items(root, "models"))
        {
            const string prefix = "models/";
            var name = PagedModelList.Text(item, "name");
            name = name?.StartsWith(prefix, StringComparison.Ordinal) == true ? name[prefix.Length..] : name;
            if (ModelDescription.IsValidName(name) && !name.AsSpan().ContainsAny(OtherKinds) && GeneratesContent(item))
            {
                yield return (name!, PagedModelList.Text(item, "displayName"));
            }
        }
    }

    private static bool GeneratesContent(JsonElement item) =>
        !item.TryGetProperty("supportedGenerationMethods", out var methods)
        || methods.ValueKind != JsonValueKind.Array
        || methods.EnumerateArray().Any(method => method.ValueKind == JsonValueKind.String && method.ValueEquals("generateContent"));
}
