using System.Diagnostics.CodeAnalysis;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>
/// Paging by <c>limit</c> and <c>offset</c>, for compatibility. Parley's own routes page by cursor, which neither skips nor repeats rows
/// when others are added or deleted.
/// </summary>
public readonly record struct Paging(int Limit, int Offset)
{
    private const int MaxOffset = 1_000_000;

    public static bool TryRead(
        HttpContext http,
        int defaultLimit,
        int maxLimit,
        out Paging paging,
        [NotNullWhen(false)] out IResult? problem
    )
    {
        paging = default;
        if (!Query.TryReadLimit(http, defaultLimit, maxLimit, out var limit, out problem))
        {
            return false;
        }

        if (!Query.TryReadOnce(http, "offset", out var text, out problem))
        {
            return false;
        }

        var offset = 0L;
        if (text is not null && (!Query.TryParse(text, out offset) || offset > MaxOffset))
        {
            problem = Problems.Invalid("offset", ErrorCodes.OutOfRange, $"offset must be a whole number from 0 to {MaxOffset}.");
            return false;
        }

        paging = new Paging(limit, (int)offset);
        return true;
    }
}
