using System.Diagnostics.CodeAnalysis;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>The header <c>Idempotency-Key</c>: a client's name for a start, so that its retries attach.</summary>
public static class IdempotencyKeyHeader
{
    private const int Longest = 255;

    /// <summary>Reads it; quoted (as the draft says) and bare (as clients send it) are the same.</summary>
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

        if (value.Length is > 0 and <= Longest && value.All(letter => letter is > ' ' and <= '~'))
        {
            key = value;
            return true;
        }

        problem = Problems.Invalid(
            "Idempotency-Key",
            "invalid_idempotency_key",
            "Idempotency-Key must be there once, with 1 to 255 visible ASCII characters."
        );
        return false;
    }
}
