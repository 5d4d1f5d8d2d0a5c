using System.Diagnostics.CodeAnalysis;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>Pages by <c>limit</c> and <c>offset</c>, for the routes whose clients page so. Parley's own routes page by cursor, which does not skip or repeat while rows come and go.</summary>
public readonly record struct Paging(int Limit, int Offset)
{
    private const int FurthestOffset = 1_000_000;

    public static bool TryRead(HttpContext http, int usual, int most, out Paging paging, [NotNullWhen(false)] out IResult? problem)
    {
        paging = default;
        if (!Query.TryReadLimit(http, usual, most, out var limit, out problem))
        {
            return false;
        }

        if (!Query.TryReadOnce(http, "offset", out var text, out problem))
        {
            return false;
        }

        var offset = 0L;
        if (text is not null && (!Query.TryParse(text, out offset) || offset > FurthestOffset))
        {
            problem = Problems.Invalid("offset", "out_of_range", $"offset must be a whole number from 0 to {FurthestOffset}.");
            return false;
        }

        paging = new Paging(limit, (int)offset);
        return true;
    }
}
