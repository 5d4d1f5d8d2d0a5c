using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http.Json;

/// <summary>
/// Reads request bodies strictly: unknown members, duplicate members, wrong types, NUL and lone surrogates are refused with a sentence that says which.
/// </summary>
public static class StrictJson
{
    /// <summary>A message of 1 MiB, every character of it escaped as <c>\u0000</c> would be larger; the text itself may not be.</summary>
    public const int MostBytes = 1_310_720;

    /// <summary>What a client may send that sends a whole conversation each time.</summary>
    public const int MostHistoryBytes = 16 * 1024 * 1024;

    private const int RawDepth = 64;

    public static JsonSerializerOptions Options { get; } =
        new(JsonSerializerDefaults.Web)
        {
            PropertyNameCaseInsensitive = false,
            NumberHandling = JsonNumberHandling.Strict,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            AllowDuplicateProperties = false,
            RespectNullableAnnotations = false,
            MaxDepth = 32,
        };

    private static readonly JsonSerializerOptions Tolerant = new(Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        MaxDepth = RawDepth,
    };

    /// <summary>The body, or why it is refused. An empty body is <paramref name="whenEmpty"/>, where that is given.</summary>
    public static async ValueTask<Body<T>> ReadAsync<T>(HttpContext http, T? whenEmpty = null)
        where T : class
    {
        var request = http.Request;
        if (
            whenEmpty is not null
            && request.ContentLength is null or 0
            && request.ContentType is null
            && http.Request.Headers.TransferEncoding.Count == 0
        )
        {
            return new(whenEmpty);
        }

        var (buffer, length, refusal) = await ReadBytesAsync(http, MostBytes);
        if (refusal is not null)
        {
            return new(refusal);
        }

        try
        {
            return Parse<T>(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer!);
        }
    }

    /// <summary>
    /// A body whose shape has to be looked at first, or that clients fill with members of their own: what is refused of any body is refused here, too, but unknown members are not.
    /// </summary>
    public static async ValueTask<Body<RawBody>> ReadRawAsync(HttpContext http, int most)
    {
        var (buffer, length, refusal) = await ReadBytesAsync(http, most);
        if (refusal is not null)
        {
            return new(refusal);
        }

        try
        {
            // A copy: what is parsed outlives the buffer.
            return ParseRaw(buffer.AsSpan(0, length).ToArray());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer!);
        }
    }

    private static async ValueTask<(byte[]? Buffer, int Length, IResult? Refusal)> ReadBytesAsync(HttpContext http, int most)
    {
        var request = http.Request;
        if (!IsJson(request))
        {
            return (
                null,
                0,
                Problems.Of(
                    StatusCodes.Status415UnsupportedMediaType,
                    "unsupported_media_type",
                    "Send the body as application/json, in UTF-8, without content encoding."
                )
            );
        }

        if (request.ContentLength > most)
        {
            return (null, 0, TooLarge(most));
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(request.ContentLength ?? 4096, 256, most + 1));
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
                if (read == 0)
                {
                    return (buffer, length, null);
                }

                length += read;
                if (length <= most)
                {
                    continue;
                }

                ArrayPool<byte>.Shared.Return(buffer);
                return (null, 0, TooLarge(most));
            }
        }
        catch (IOException error)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            // Kestrel reports a chunk size that overflows as any other failure to read.
            var status = (error as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
            return (null, 0, Problems.Of(status, status == 413 ? "body_too_large" : "malformed_body", "The body could not be read."));
        }
    }

    private static Body<RawBody> ParseRaw(ReadOnlyMemory<byte> json)
    {
        if (json.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            json = json[3..];
        }

        if (json.IsEmpty)
        {
            return new(Malformed("The body is empty; send a JSON object."));
        }
        // What is bound notices by itself; what is only looked at would be noticed much later.
        if (!Utf8.IsValid(json.Span))
        {
            return new(Malformed("The body is not valid UTF-8."));
        }

        try
        {
            if (FindBadText(json.Span, RawDepth) is { } field)
            {
                return new(Problems.Invalid(field, "invalid_text", "Text must not hold the character U+0000 or half of a surrogate pair."));
            }

            var root = JsonElement.Parse(json.Span, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = RawDepth });
            return root.ValueKind == JsonValueKind.Object ? new(new RawBody(json, root)) : new(Malformed("Send a JSON object."));
        }
        catch (JsonException error)
        {
            return new(Describe(error));
        }
    }

    internal static Body<T> Parse<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        if (json.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            json = json[3..];
        }

        if (json.IsEmpty)
        {
            return new(Malformed("The body is empty; send a JSON object."));
        }

        try
        {
            if (FindBadText(json) is { } field)
            {
                return new(Problems.Invalid(field, "invalid_text", "Text must not hold the character U+0000 or half of a surrogate pair."));
            }

            return JsonSerializer.Deserialize<T>(json, Options) is { } value ? new(value) : new(Malformed("Send a JSON object, not null."));
        }
        catch (JsonException error)
        {
            return new(Describe(error));
        }
    }

    internal static Body<T> Bind<T>(JsonElement root)
        where T : class
    {
        try
        {
            return new(root.Deserialize<T>(Tolerant)!);
        }
        catch (JsonException error)
        {
            return new(Describe(error));
        }
    }

    /// <summary>Where the text is that neither a database nor a provider could keep; null when all is well. Throws when it isn't JSON.</summary>
    private static string? FindBadText(ReadOnlySpan<byte> json, int depth = 32)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = depth });
        var field = "";
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
            {
                continue;
            }

            try
            {
                // Without an escape there is no surrogate, and a raw NUL is not JSON; unless it is escaped there is nothing to look for.
                var text = reader.ValueIsEscaped ? reader.GetString()! : "";
                if (text.Contains('\0'))
                {
                    return field.Length > 0 ? field : "$";
                }

                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    field = reader.GetString()!;
                }
            }
            catch (InvalidOperationException)
            {
                return field.Length > 0 ? field : "$";
            }
        }

        return null;
    }

    private static Problem Describe(JsonException error)
    {
        var field = error.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : null;
        if (field is { Length: > 64 })
        {
            field = field[..64];
        }
        // The framework's own sentences name our types; these say the same without them.
        if (error.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return Problems.Invalid(Unmapped(error.Message), "unknown_member", "There is no such member in this request.");
        }

        if (error.Message.Contains("uplicate", StringComparison.Ordinal))
        {
            return Problems.Invalid(field ?? "$", "duplicate_member", "A member is there twice.");
        }

        if (error.Message.Contains("could not be converted", StringComparison.Ordinal))
        {
            return Problems.Invalid(field ?? "$", "wrong_type", "The value is of the wrong type.");
        }

        if (error.Message.Contains("missing required", StringComparison.Ordinal))
        {
            return Problems.Invalid(field ?? "$", "required", "A required member is missing.");
        }

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

    private static Problem Malformed(string detail) => Problems.Of(StatusCodes.Status400BadRequest, "malformed_json", detail);

    internal static Problem TooLarge(int most) =>
        Problems.Of(
            StatusCodes.Status413PayloadTooLarge,
            "body_too_large",
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The body is larger than {most / (1024.0 * 1024):0.##} MiB.")
        );
}

/// <summary>A JSON object that was read without being bound to anything yet.</summary>
public sealed class RawBody(ReadOnlyMemory<byte> bytes, JsonElement root)
{
    /// <summary>Its members.</summary>
    public JsonElement Root => root;

    /// <summary>Binds it strictly, as <see cref="StrictJson.ReadAsync{T}"/> does.</summary>
    public Body<T> As<T>()
        where T : class =>
        bytes.Length > StrictJson.MostBytes ? new(StrictJson.TooLarge(StrictJson.MostBytes)) : StrictJson.Parse<T>(bytes.Span);

    /// <summary>Binds the members that <typeparamref name="T"/> has, and passes over all others.</summary>
    public Body<T> AsTolerant<T>()
        where T : class => StrictJson.Bind<T>(root);

    /// <summary>A member that is a string; null when it is absent, null, or something else.</summary>
    public string? Text(string name) => Text(root, name);

    /// <summary>A member of <paramref name="element"/> that is a string.</summary>
    public static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Whether there is such a member, and it is not null.</summary>
    public bool Has(string name) => root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
}

/// <summary>A body that was read, or the problem with it.</summary>
public readonly struct Body<T>
    where T : class
{
    public Body(T value) => Value = value;

    public Body(IResult refusal) => Refusal = refusal;

    public T? Value { get; }

    public IResult? Refusal { get; }

    public bool IsBad([NotNullWhen(true)] out IResult? problem, [NotNullWhen(false)] out T? value)
    {
        (problem, value) = (Refusal, Value);
        return problem is not null;
    }
}
