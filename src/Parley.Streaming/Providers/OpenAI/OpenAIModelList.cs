using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary><c>GET {base}/models</c>, in the forms that servers answer it.</summary>
internal static class OpenAIModelList
{
    private const int MaxBytes = 4 * 1024 * 1024;

    // Services list these beside their chat models.
    private static readonly SearchValues<string> OtherKinds = SearchValues.Create(
        ["embed", "whisper", "tts", "dall-e", "moderation", "realtime", "transcribe", "-image", "rerank", "babbage", "davinci-002"],
        StringComparison.OrdinalIgnoreCase
    );

    /// <summary>The names of the models that can chat, in the server's order, each once.</summary>
    public static async Task<IReadOnlyList<string>> GetAsync(
        ProviderEndpoint endpoint,
        HttpClient http,
        CancellationToken cancellationToken
    )
    {
        var body = await ProviderDocument.GetAsync(endpoint, http, "/models", MaxBytes, cancellationToken);
        try
        {
            using var json = JsonDocument.Parse(body);
            return [.. Read(json.RootElement).Distinct(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not valid text.
            throw endpoint.Fail(ProviderFailure.UnexpectedContent, $"/models: {exception.GetType().Name}");
        }
    }

    // Together tells the kinds of its models.
    private static bool IsOtherType(JsonElement item) =>
        item.TryGetProperty("type", out var type)
        && type.ValueKind == JsonValueKind.String
        && type.GetString() is "image" or "video" or "audio" or "transcribe" or "embedding" or "rerank" or "moderation";

    private static IEnumerable<string> Read(JsonElement root)
    {
        var list = root;
        if (root.ValueKind == JsonValueKind.Object && !root.TryGetProperty("data", out list) && !root.TryGetProperty("models", out list))
        {
            yield break;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("id", out var id) || id.ValueKind != JsonValueKind.String)
            {
                continue;
            }

            // Google's OpenAI-compatible address lists models/<name> and accepts the name alone.
            const string prefix = "models/";
            var name = id.GetString()!;
            name = name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
            if (ModelDescription.IsValidName(name) && !name.AsSpan().ContainsAny(OtherKinds) && !IsOtherType(item))
            {
                yield return name;
            }
        }
    }
}
