using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http.Json;

/// <summary>
/// Reads request bodies strictly: unknown members, duplicate members, wrong types, NUL and unpaired surrogates are errors that name the
/// member at fault.
/// </summary>
public static class StrictJson
{
    /// <summary>Room for a message of 1 MiB, of which a part is escaped.</summary>
    public const int MaxBytes = 1_310_720;

    /// <summary>Room for a whole conversation, for clients that send their history with each request.</summary>
    public const int MaxHistoryBytes = 16 * 1024 * 1024;

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

    /// <summary>Reads the body as a <typeparamref name="T"/>. An empty body is <paramref name="whenEmpty"/>, where that is given.</summary>
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

        var (buffer, length, refusal) = await ReadBytesAsync(http, MaxBytes);
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
    /// Parses a body that has to be inspected before it is bound, or whose unknown members are ignored. Everything else is checked as in
    /// any other body.
    /// </summary>
    public static async ValueTask<Body<RawBody>> ReadRawAsync(HttpContext http, int maxBytes)
    {
        var (buffer, length, refusal) = await ReadBytesAsync(http, maxBytes);
        if (refusal is not null)
        {
            return new(refusal);
        }

        try
        {
            // A copy, since the parsed body outlives the buffer.
            return ParseRaw(buffer.AsSpan(0, length).ToArray());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer!);
        }
    }

    private static async ValueTask<(byte[]? Buffer, int Length, IResult? Refusal)> ReadBytesAsync(HttpContext http, int maxBytes)
    {
        var request = http.Request;
        if (!IsJson(request))
        {
            return (
                null,
                0,
                Problems.Of(
                    StatusCodes.Status415UnsupportedMediaType,
                    ErrorCodes.UnsupportedMediaType,
                    "The body must be application/json in UTF-8, without content encoding."
                )
            );
        }

        if (request.ContentLength > maxBytes)
        {
            return (null, 0, TooLarge(maxBytes));
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(request.ContentLength ?? 4096, 256, maxBytes + 1));
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
                if (length <= maxBytes)
                {
                    continue;
                }

                ArrayPool<byte>.Shared.Return(buffer);
                return (null, 0, TooLarge(maxBytes));
            }
        }
        catch (IOException exception)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            // A chunk size that overflows is an IOException without a status.
            var status = (exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
            var code = status == StatusCodes.Status413PayloadTooLarge ? ErrorCodes.BodyTooLarge : ErrorCodes.MalformedBody;
            return (null, 0, Problems.Of(status, code, "The body could not be read."));
        }
    }

    private static Body<RawBody> ParseRaw(ReadOnlyMemory<byte> bytes)
    {
        var json = bytes[WithoutMark(bytes.Span)..];
        // Binding fails on invalid UTF-8; a body that is only looked at would fail much later.
        if (!Utf8.IsValid(json.Span))
        {
            return new(Malformed("The body is not valid UTF-8."));
        }

        if (JsonFaults.FindInText(json.Span, RawDepth) is { } fault)
        {
            return new(fault);
        }

        try
        {
            var root = JsonElement.Parse(json.Span, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = RawDepth });
            return root.ValueKind == JsonValueKind.Object
                ? new(new RawBody(json, root))
                : new(Malformed("The body must be a JSON object."));
        }
        catch (JsonException)
        {
            return new(JsonFaults.Duplicate(JsonFaults.FindDuplicate(json.Span, RawDepth)));
        }
    }

    internal static Body<T> Parse<T>(ReadOnlySpan<byte> bytes)
        where T : class
    {
        var json = bytes[WithoutMark(bytes)..];
        if (JsonFaults.FindInText(json, Options.MaxDepth) is { } fault)
        {
            return new(fault);
        }

        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) is { } value
                ? new(value)
                : new(Malformed("The body must be a JSON object, not null."));
        }
        catch (JsonException exception)
        {
            return new(JsonFaults.FindInMembers(json, Options.GetTypeInfo(typeof(T)), exception.Path));
        }
    }

    internal static Body<T> Bind<T>(JsonElement root)
        where T : class
    {
        try
        {
            return new(root.Deserialize<T>(Tolerant)!);
        }
        catch (JsonException exception)
        {
            return new(JsonFaults.WrongType(exception.Path));
        }
    }

    /// <summary>The length of a byte order mark, which some clients send.</summary>
    private static int WithoutMark(ReadOnlySpan<byte> bytes) => bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;

    private static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && string.Equals(type.MediaType, "application/json", StringComparison.OrdinalIgnoreCase)
        && (type.CharSet is null || string.Equals(type.CharSet.Trim('"'), "utf-8", StringComparison.OrdinalIgnoreCase))
        && request.Headers.ContentEncoding.Count == 0;

    internal static Problem Malformed(string detail) => Problems.Of(StatusCodes.Status400BadRequest, ErrorCodes.MalformedJson, detail);

    internal static Problem TooLarge(int maxBytes) =>
        Problems.Of(
            StatusCodes.Status413PayloadTooLarge,
            ErrorCodes.BodyTooLarge,
            string.Create(CultureInfo.InvariantCulture, $"The body exceeds the maximum of {maxBytes / (1024.0 * 1024):0.##} MiB.")
        );
}
