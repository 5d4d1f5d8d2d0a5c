using System.Text.Json;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>The models that a server of the Messages API lists.</summary>
internal static class AnthropicModelList
{
    public static Task<IReadOnlyList<(string Id, string? Name)>> GetAsync(
        ProviderEndpoint endpoint,
        HttpClient http,
        CancellationToken cancellationToken
    ) =>
        PagedModelList.GetAsync(
            endpoint,
            http,
            static after => "limit=1000" + (after is null ? "" : $"&after_id={Uri.EscapeDataString(after)}"),
            Read,
            NextPage,
            cancellationToken
        );

    private static IEnumerable<(string Id, string? Name)> Read(JsonElement root)
    {
        foreach (var item in PagedModelList.Items(root, "data"))
        {
            if (PagedModelList.Text(item, "id") is { } id && ModelDescription.IsValidName(id))
            {
                yield return (id, PagedModelList.Text(item, "display_name"));
            }
        }
    }

    private static string? NextPage(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("has_more", out var more) && more.ValueKind == JsonValueKind.True
            ? PagedModelList.Text(root, "last_id")
            : null;
}
