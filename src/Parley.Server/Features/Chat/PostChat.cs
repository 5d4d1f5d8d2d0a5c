using Parley.Server.Contracts;
using Parley.Server.Generations;
using Parley.Server.Http.Json;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Features.Chat;

/// <summary>
/// <c>POST /api/chat</c>: one route for several kinds of clients, which can be distinguished only by their bodies: their headers are the
/// same.
/// </summary>
public static class PostChat
{
    public static Task<IResult> Handle(HttpContext http, IEnumerable<IChatDialect> dialects) => HandleAsync(http, null, dialects);

    /// <summary><c>POST /api/chat/text</c>: the same, with a plain text response.</summary>
    public static Task<IResult> HandleText(HttpContext http, IEnumerable<IChatDialect> dialects) =>
        HandleAsync(http, WireFormatCatalog.Text, dialects);

    private static async Task<IResult> HandleAsync(HttpContext http, NamedWireFormat? routeFormat, IEnumerable<IChatDialect> dialects)
    {
        if (!FormatParameter.TryRead(http, out var format, out var problem))
        {
            return problem;
        }

        if ((await StrictJson.ReadRawAsync(http, StrictJson.MaxHistoryBytes)).IsBad(out var bad, out var body))
        {
            return bad;
        }

        return ChatBody.KindOf(body) switch
        {
            ChatBodyKind.Both => ChatBody.HasBoth(),
            ChatBodyKind.NoMessages => ChatBody.HasNoMessages(body),
            var kind => await dialects.First(dialect => dialect.Kinds.Contains(kind)).AnswerAsync(http, body, kind, format ?? routeFormat),
        };
    }
}
