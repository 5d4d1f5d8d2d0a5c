using System.Diagnostics.CodeAnalysis;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>The query parameter <c>format</c>, which chooses the wire format and takes precedence over everything else.</summary>
public static class FormatParameter
{
    /// <summary>Reads the parameter; <paramref name="format"/> is null when it is absent.</summary>
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
