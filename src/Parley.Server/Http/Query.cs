using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Parley.Server.Http;

/// <summary>Reads query parameters strictly: at most once each, in one spelling, in range.</summary>
public static class Query
{
    /// <summary>An integer, or <paramref name="whenAbsent"/>.</summary>
    public static bool TryReadLimit(HttpContext http, int whenAbsent, int most, out int limit, [NotNullWhen(false)] out IResult? problem)
    {
        limit = whenAbsent;
        problem = null;
        if (!http.Request.Query.TryGetValue("limit", out var values)) return true;
        if (values.Count == 1 && int.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit >= 1 && limit <= most) return true;
        problem = Problems.Invalid("limit", "out_of_range", $"limit must be a whole number from 1 to {most}.");
        return false;
    }

    /// <summary>A parameter that may be there once; false when it is there more often.</summary>
    public static bool TryReadOnce(HttpContext http, string name, out string? value, [NotNullWhen(false)] out IResult? problem)
    {
        value = null;
        problem = null;
        if (!http.Request.Query.TryGetValue(name, out var values)) return true;
        value = values[0];
        if (values.Count == 1) return true;
        problem = Problems.Invalid(name, "duplicate_parameter", $"{name} is there more than once.");
        return false;
    }
}
