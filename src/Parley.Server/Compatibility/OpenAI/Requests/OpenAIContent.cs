using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>Reads text, images and files of both APIs, which differ only in the names.</summary>
internal static class OpenAIContent
{
    /// <summary>The additional property for the resolution at which the model processes an image.</summary>
    public const string Detail = "detail";

    private const string AnyImage = "image/*";

    /// <summary>Reads the content of a message or tool result: a string, or an array of parts.</summary>
    /// <param name="reader">The request.</param>
    /// <param name="parent">The object that contains it.</param>
    /// <param name="name">The name of its field.</param>
    /// <param name="path">The path of <paramref name="parent"/>.</param>
    /// <param name="allowed">The allowed types of parts.</param>
    public static List<AIContent> Read(
        OpenAIRequestReader reader,
        JsonElement parent,
        string name,
        string path,
        params ReadOnlySpan<string> allowed
    )
    {
        path = $"{path}.{name}";
        List<AIContent> contents = [];
        switch (OpenAIRequestReader.Find(parent, name))
        {
            case null:
                reader.Missing(path);
                break;
            case { ValueKind: JsonValueKind.String } text:
                contents.Add(new TextContent(text.GetString()));
                break;
            case { ValueKind: JsonValueKind.Array } parts:
                foreach (var (part, at) in reader.Objects(parts, path))
                {
                    if (ReadPart(reader, part, at, allowed) is { } content)
                    {
                        contents.Add(content);
                    }
                }

                break;
            default:
                reader.WrongType(path, "a string, or an array of parts");
                break;
        }

        return contents;
    }

    /// <summary>Reads content that may only be text.</summary>
    public static string ReadText(OpenAIRequestReader reader, JsonElement parent, string name, string path, string allowed) =>
        string.Concat(Read(reader, parent, name, path, allowed).OfType<TextContent>().Select(part => part.Text));

    private static AIContent? ReadPart(OpenAIRequestReader reader, JsonElement part, string path, ReadOnlySpan<string> allowed)
    {
        var type = reader.RequiredText(part, "type", path + ".type");
        if (type == "input_audio")
        {
            reader.Refuse("Audio is not supported here.", path + ".type", OpenAIErrorCodes.UnsupportedValue);
        }

        if (!allowed.Contains(type))
        {
            reader.WrongValue(path + ".type", "one of: " + string.Join(", ", allowed!));
            return null;
        }

        switch (type)
        {
            case "image_url" when OpenAIRequestReader.Find(part, type) is { ValueKind: JsonValueKind.Object } image:
                return Image(reader, image, "url", $"{path}.{type}");
            case "image_url":
                return Image(reader, part, type, path);
            case "input_image":
                if (OpenAIRequestReader.Find(part, "file_id") is not null)
                {
                    reader.Unsupported(path + ".file_id", "Send the image itself as 'image_url'.");
                }

                return Image(reader, part, "image_url", path);
            case "file":
                if (reader.Object(part, type, $"{path}.{type}") is { } file)
                {
                    return File(reader, file, $"{path}.{type}");
                }

                reader.Missing($"{path}.{type}");
                return null;
            case "input_file":
                return File(reader, part, path);
            default:
                var name = type == "refusal" ? type : "text";
                if (OpenAIRequestReader.Find(part, name) is null)
                {
                    reader.Missing($"{path}.{name}");
                }

                return new TextContent(reader.Text(part, name, $"{path}.{name}"));
        }
    }

    /// <summary>An image by its URL: a data URL, or an https URL that the provider fetches.</summary>
    private static AIContent? Image(OpenAIRequestReader reader, JsonElement parent, string name, string path)
    {
        var url = reader.RequiredText(parent, name, $"{path}.{name}");
        var detail = reader.Text(parent, Detail, $"{path}.{Detail}");
        if (detail is not (null or "auto" or "low" or "high" or "original"))
        {
            reader.WrongValue($"{path}.{Detail}", "auto, low, high or original");
        }

        AIContent? image = null;
        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            image = Data(reader, url, $"{path}.{name}", "image");
        }
        else if (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
        {
            image = new UriContent(uri, AnyImage);
        }
        else
        {
            reader.WrongValue($"{path}.{name}", "a data: URL or an https URL");
        }

        if (image is not null && detail is not null)
        {
            image.AdditionalProperties = new() { [Detail] = detail };
        }

        return image;
    }

    /// <summary>A file in a data URL.</summary>
    private static DataContent? File(OpenAIRequestReader reader, JsonElement file, string path)
    {
        if (OpenAIRequestReader.Find(file, "file_id") is not null)
        {
            reader.Unsupported(path + ".file_id", "Send the file itself as 'file_data'.");
        }

        if (OpenAIRequestReader.Find(file, "file_url") is not null)
        {
            reader.Unsupported(path + ".file_url", "Send the file itself as 'file_data'.");
        }

        var url = reader.RequiredText(file, "file_data", path + ".file_data");
        if (url.Length == 0 || Data(reader, url, path + ".file_data", null) is not { } data)
        {
            return null;
        }

        data.Name = reader.Text(file, "filename", path + ".filename");
        return data;
    }

    private static DataContent? Data(OpenAIRequestReader reader, string url, string path, string? topLevel)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        var head = comma < 0 ? "" : url[..comma];
        var data = comma < 0 ? "" : url[(comma + 1)..];
        if (
            !head.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
            || !head.EndsWith(";base64", StringComparison.OrdinalIgnoreCase)
            || data.Length == 0
            || !Base64.IsValid(data)
        )
        {
            reader.WrongValue(path, "a data: URL with base64");
            return null;
        }

        if (
            !MediaTypeHeaderValue.TryParse(head["data:".Length..^";base64".Length], out var type)
            || type.MediaType is not { } mediaType
            || !IsOf(mediaType, topLevel)
        )
        {
            reader.WrongValue(path, topLevel is null ? "a data: URL with a media type" : $"a data: URL with a media type of {topLevel}/…");
            return null;
        }

        return new DataContent(Convert.FromBase64String(data), mediaType);
    }

    private static bool IsOf(string mediaType, string? topLevel) =>
        topLevel is null || mediaType.StartsWith(topLevel + "/", StringComparison.OrdinalIgnoreCase);
}
