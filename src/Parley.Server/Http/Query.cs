using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>Reads query parameters strictly: at most once each, in one spelling, in range.</summary>
public static class Query
{
    /// <summary>Reads a whole number in its one spelling: digits alone, without leading zeros. .NET's own parser would pass over a NUL at the end.</summary>
    public static bool TryParse(string? text, out long value)
    {
        value = 0;
        return text is { Length: > 0 }
            && (text.Length == 1 || text[0] != '0')
            && text.All(char.IsAsciiDigit)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>False when there is a parameter of another name: one that is silently passed over (<c>offset</c>, a filter) gives a wrong page.</summary>
    public static bool HasOnly(HttpContext http, ReadOnlySpan<string> names, [NotNullWhen(false)] out IResult? problem)
    {
        problem = null;
        foreach (var name in http.Request.Query.Keys)
        {
            if (names.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            problem = Problems.Invalid(name.Length <= 64 ? name : "query", "unknown_parameter", "There is no such query parameter here.");
            return false;
        }

        return true;
    }

    /// <summary>An integer, or <paramref name="whenAbsent"/>.</summary>
    public static bool TryReadLimit(HttpContext http, int whenAbsent, int most, out int limit, [NotNullWhen(false)] out IResult? problem)
    {
        limit = whenAbsent;
        problem = null;
        if (!http.Request.Query.TryGetValue("limit", out var values))
        {
            return true;
        }

        if (values.Count == 1 && TryParse(values[0], out var value) && value >= 1 && value <= most)
        {
            limit = (int)value;
            return true;
        }

        problem = Problems.Invalid("limit", "out_of_range", $"limit must be a whole number from 1 to {most}.");
        return false;
    }

    /// <summary>A parameter that may be there once; false when it is there more often.</summary>
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

        problem = Problems.Invalid(name, "duplicate_parameter", $"{name} is there more than once.");
        return false;
    }
}
