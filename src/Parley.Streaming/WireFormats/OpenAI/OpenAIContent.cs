using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>Reads images, files and tool calls, which both APIs have in the same words.</summary>
internal static class OpenAIContent
{
    /// <summary>The name, among a content's additional properties, of how closely the model is to look at an image.</summary>
    public const string Detail = "detail";

    private const string AnyImage = "image/*";

    /// <summary>An image by its URL: with the image in it, or where the provider fetches it.</summary>
    public static AIContent? Image(OpenAIRequestReader reader, string url, string? detail, string path)
    {
        if (detail is not (null or "auto" or "low" or "high" or "original")) reader.WrongValue(path, "a 'detail' of auto, low, high or original");
        AIContent? image = null;
        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
            image = Data(reader, url, path, "image");
        else if (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
            image = new UriContent(uri, AnyImage);
        else
            reader.WrongValue(path, "a data: URL or an https URL");
        if (image is not null && detail is not null) image.AdditionalProperties = new() { [Detail] = detail };
        return image;
    }

    /// <summary>A file in a data URL.</summary>
    public static AIContent? File(OpenAIRequestReader reader, JsonElement file, string path)
    {
        if (OpenAIRequestReader.Find(file, "file_id") is not null) reader.Unsupported(path + ".file_id", "Send the file itself as 'file_data'.");
        if (OpenAIRequestReader.Find(file, "file_url") is not null) reader.Unsupported(path + ".file_url", "Send the file itself as 'file_data'.");
        var url = reader.NeededText(file, "file_data", path + ".file_data");
        if (url.Length == 0 || Data(reader, url, path + ".file_data", null) is not { } data) return null;
        data.Name = reader.Text(file, "filename", path + ".filename");
        return data;
    }

    /// <summary>A call with its arguments. A model may have sent arguments that are not JSON, and clients send them back: they are kept as a failure, as a provider's are.</summary>
    public static FunctionCallContent Call(string callId, string name, string arguments) => Providers.ToolCallContents.Parse(callId, name, arguments);

    private static DataContent? Data(OpenAIRequestReader reader, string url, string path, string? topLevel)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        var head = comma < 0 ? "" : url[..comma];
        var data = comma < 0 ? "" : url[(comma + 1)..];
        if (!head.StartsWith("data:", StringComparison.OrdinalIgnoreCase) || !head.EndsWith(";base64", StringComparison.OrdinalIgnoreCase) || data.Length == 0 || !Base64.IsValid(data))
        {
            reader.WrongValue(path, "a data: URL with base64");
            return null;
        }

        if (!MediaTypeHeaderValue.TryParse(head["data:".Length..^";base64".Length], out var type) || type.MediaType is not { } mediaType || !IsOf(mediaType, topLevel))
        {
            reader.WrongValue(path, topLevel is null ? "a data: URL with a media type" : $"a data: URL with a media type of {topLevel}/…");
            return null;
        }

        return new DataContent(Convert.FromBase64String(data), mediaType);
    }

    private static bool IsOf(string mediaType, string? topLevel) => topLevel is null || mediaType.StartsWith(topLevel + "/", StringComparison.OrdinalIgnoreCase);
}
