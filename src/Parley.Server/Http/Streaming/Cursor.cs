using System.Diagnostics.CodeAnalysis;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http.Streaming;

/// <summary>
/// The position to continue from: <c>Last-Event-ID</c>, <c>?after=</c> or <c>?lastEventId=</c>. The header takes precedence, since a client
/// that reconnects updates it.
/// </summary>
public static class Cursor
{
    public static bool TryRead(HttpContext http, out long? after, [NotNullWhen(false)] out IResult? problem)
    {
        after = null;
        problem = null;
        var header = http.Request.Headers["Last-Event-ID"];
        if (header.Count > 1 || (header.Count == 1 && header[0] is not { Length: > 0 }))
        {
            problem = Bad();
            return false;
        }

        if (!Query.TryReadOnce(http, "after", out var query, out problem))
        {
            return false;
        }

        if (query is null && !Query.TryReadOnce(http, "lastEventId", out query, out problem))
        {
            return false;
        }

        if (query is not null && !TryParse(query, out after) || header.Count == 1 && !TryParse(header[0]!, out after))
        {
            problem = Bad();
            return false;
        }

        return true;
    }

    private static bool TryParse(string text, out long? position)
    {
        var good = Query.TryParse(text, out var value);
        position = good ? value : null;
        return good;
    }

    private static Problem Bad() =>
        Problems.Invalid("after", ErrorCodes.InvalidPosition, "A position must be a whole number: the id of the last event received.");
}
