using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Server.Http;

/// <summary>
/// Reads request bodies strictly: unknown members, duplicate members, wrong types, NUL and lone surrogates are refused with a sentence that says which.
/// </summary>
public static class StrictJson
{
    /// <summary>A message of 1 MiB, every character of it escaped as <c>\u0000</c> would be larger; the text itself may not be.</summary>
    public const int MostBytes = 1_310_720;

    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = false,
        MaxDepth = 32,
    };

    /// <summary>The body, or why it is refused. An empty body is <paramref name="whenEmpty"/>, where that is given.</summary>
    public static async ValueTask<Body<T>> ReadAsync<T>(HttpContext http, T? whenEmpty = null) where T : class
    {
        var request = http.Request;
        if (whenEmpty is not null && request.ContentLength is null or 0 && request.ContentType is null && http.Request.Headers.TransferEncoding.Count == 0) return new(whenEmpty);
        if (!IsJson(request)) return new(Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send the body as application/json, in UTF-8, without content encoding."));
        if (request.ContentLength > MostBytes) return new(TooLarge());

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(request.ContentLength ?? 4096, 256, MostBytes + 1));
        try
        {
            var length = 0;
            while (true)
            {
                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                var read = await request.Body.ReadAsync(buffer.AsMemory(length), http.RequestAborted);
                if (read == 0) break;
                length += read;
                if (length > MostBytes) return new(TooLarge());
            }

            return Parse<T>(buffer.AsSpan(0, length));
        }
        catch (IOException error)
        {
            // Kestrel reports a chunk size that overflows as any other failure to read.
            var status = (error as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
            return new(Problems.Of(status, status == 413 ? "body_too_large" : "malformed_body", "The body could not be read."));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Body<T> Parse<T>(ReadOnlySpan<byte> json) where T : class
    {
        if (json.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) json = json[3..];
        if (json.IsEmpty) return new(Malformed("The body is empty; send a JSON object."));
        try
        {
            if (FindBadText(json) is { } field) return new(Problems.Invalid(field, "invalid_text", "Text must not hold the character U+0000 or half of a surrogate pair."));
            return JsonSerializer.Deserialize<T>(json, Options) is { } value ? new(value) : new(Malformed("Send a JSON object, not null."));
        }
        catch (JsonException error)
        {
            return new(Describe(error));
        }
    }

    /// <summary>Where the text is that neither a database nor a provider could keep; null when all is well. Throws when it isn't JSON.</summary>
    private static string? FindBadText(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 32 });
        var field = "";
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName)) continue;
            try
            {
                // Without an escape there is no surrogate, and a raw NUL is not JSON; unless it is escaped there is nothing to look for.
                var text = reader.ValueIsEscaped ? reader.GetString()! : "";
                if (text.Contains('\0')) return field.Length > 0 ? field : "$";
                if (reader.TokenType == JsonTokenType.PropertyName) field = reader.GetString()!;
            }
            catch (InvalidOperationException)
            {
                return field.Length > 0 ? field : "$";
            }
        }

        return null;
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult Describe(JsonException error)
    {
        var field = error.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : null;
        if (field is { Length: > 64 }) field = field[..64];
        // The framework's own sentences name our types; these say the same without them.
        if (error.Message.Contains("could not be mapped", StringComparison.Ordinal)) return Problems.Invalid(Unmapped(error.Message), "unknown_member", "There is no such member in this request.");
        if (error.Message.Contains("uplicate", StringComparison.Ordinal)) return Problems.Invalid(field ?? "$", "duplicate_member", "A member is there twice.");
        if (error.Message.Contains("could not be converted", StringComparison.Ordinal)) return Problems.Invalid(field ?? "$", "wrong_type", "The value is of the wrong type.");
        if (error.Message.Contains("missing required", StringComparison.Ordinal)) return Problems.Invalid(field ?? "$", "required", "A required member is missing.");
        return Malformed($"The body is not valid JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}).");
    }

    private static string Unmapped(string message)
    {
        var start = message.IndexOf('\'', StringComparison.Ordinal) + 1;
        var end = message.IndexOf('\'', start);
        return end > start && end - start <= 64 ? message[start..end] : "$";
    }

    private static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && string.Equals(type.MediaType, "application/json", StringComparison.OrdinalIgnoreCase)
        && (type.CharSet is null || string.Equals(type.CharSet.Trim('"'), "utf-8", StringComparison.OrdinalIgnoreCase))
        && request.Headers.ContentEncoding.Count == 0;

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult Malformed(string detail) => Problems.Of(StatusCodes.Status400BadRequest, "malformed_json", detail);

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult TooLarge() =>
        Problems.Of(StatusCodes.Status413PayloadTooLarge, "body_too_large", "The body is larger than 1.25 MiB.");
}

/// <summary>A body that was read, or the problem with it.</summary>
public readonly struct Body<T> where T : class
{
    public Body(T value) => Value = value;

    public Body(IResult problem) => Problem = problem;

    public T? Value { get; }

    public IResult? Problem { get; }

    public bool IsBad([NotNullWhen(true)] out IResult? problem, [NotNullWhen(false)] out T? value)
    {
        (problem, value) = (Problem, Value);
        return problem is not null;
    }
}
