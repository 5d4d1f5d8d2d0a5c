using System.Diagnostics.CodeAnalysis;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>The query parameter <c>format</c>, which chooses a wire format and overrides everything else that would.</summary>
public static class FormatParameter
{
    /// <summary>Reads it; <paramref name="format"/> is null when there is none.</summary>
    public static bool TryRead(HttpContext http, out NamedWireFormat? format, [NotNullWhen(false)] out IResult? problem)
    {
        format = null;
        if (!Query.TryReadOnce(http, "format", out var name, out problem))
        {
            return false;
        }

        if (name is null || (format = WireFormatCatalog.Find(name)) is not null)
        {
            return true;
        }

        problem = Problems.Invalid(
            "format",
            ErrorCodes.UnknownFormat,
            $"Unknown format. Supported: {string.Join(", ", WireFormatCatalog.All.Select(known => known.Name))}."
        );
        return false;
    }
}
