using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>Reads query parameters strictly: each at most once, in its canonical form and in range.</summary>
public static class Query
{
    /// <summary>
    /// Parses a whole number in its canonical form: digits without leading zeros. The parser of .NET ignores trailing NUL characters.
    /// </summary>
    public static bool TryParse(string? text, out long value)
    {
        value = 0;
        return text is { Length: > 0 }
            && (text.Length == 1 || text[0] != '0')
            && text.All(char.IsAsciiDigit)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>False for an unknown parameter: ignoring one (<c>offset</c>, a filter) would return a wrong page.</summary>
    public static bool HasOnly(HttpContext http, ReadOnlySpan<string> names, [NotNullWhen(false)] out IResult? problem)
    {
        problem = null;
        foreach (var name in http.Request.Query.Keys)
        {
            if (names.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            problem = Problems.Invalid(name.Length <= 64 ? name : "query", ErrorCodes.UnknownParameter, "Unknown query parameter.");
            return false;
        }

        return true;
    }

    /// <summary>Reads <c>limit</c>; <paramref name="defaultLimit"/> when it is absent.</summary>
    public static bool TryReadLimit(
        HttpContext http,
        int defaultLimit,
        int maxLimit,
        out int limit,
        [NotNullWhen(false)] out IResult? problem
    )
    {
        limit = defaultLimit;
        problem = null;
        if (!http.Request.Query.TryGetValue("limit", out var values))
        {
            return true;
        }

        if (values.Count == 1 && TryParse(values[0], out var value) && value >= 1 && value <= maxLimit)
        {
            limit = (int)value;
            return true;
        }

        problem = Problems.Invalid("limit", ErrorCodes.OutOfRange, $"limit must be a whole number from 1 to {maxLimit}.");
        return false;
    }

    /// <summary>Reads a parameter that may occur once; false when it occurs more often.</summary>
    public static bool TryReadOnce(HttpContext http, string name, out string? value, [NotNullWhen(false)] out IResult? problem)
    {
        value = null;
        problem = null;
        if (!http.Request.Query.TryGetValue(name, out var values))
        {
            return true;
        }

        value = values[0];
        if (values.Count == 1)
        {
            return true;
        }

        problem = Problems.Invalid(name, ErrorCodes.DuplicateParameter, $"{name} occurs more than once.");
        return false;
    }
}
