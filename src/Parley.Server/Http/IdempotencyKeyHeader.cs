using System.Diagnostics.CodeAnalysis;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>The header <c>Idempotency-Key</c>: identifies the start of a generation, so that a retry attaches to it.</summary>
public static class IdempotencyKeyHeader
{
    private const int MaxLength = 255;

    /// <summary>Reads the header. The value may be quoted, as in the IETF draft, or not, as most clients send it.</summary>
    public static bool TryRead(HttpContext http, out string? key, [NotNullWhen(false)] out IResult? problem)
    {
        key = null;
        problem = null;
        var values = http.Request.Headers["Idempotency-Key"];
        if (values.Count == 0)
        {
            return true;
        }

        var value = values.Count == 1 ? values[0] ?? "" : "";
        if (value is ['"', .., '"'])
        {
            value = value[1..^1];
        }

        if (value.Length is > 0 and <= MaxLength && value.All(letter => letter is > ' ' and <= '~'))
        {
            key = value;
            return true;
        }

        problem = Problems.Invalid(
            "Idempotency-Key",
            ErrorCodes.InvalidIdempotencyKey,
            "Idempotency-Key must occur once, with 1 to 255 visible ASCII characters."
        );
        return false;
    }
}
