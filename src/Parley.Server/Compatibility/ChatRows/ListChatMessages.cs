using System.Text.Json;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.ChatRows;

/// <summary><c>GET /api/chat/conversations/{id}/messages</c>: oldest first.</summary>
public static class ListChatMessages
{
    public sealed record Page(IReadOnlyList<ChatMessageRow> Messages, int Total, int Limit, int Offset);

    public static async Task<IResult> Handle(string id, HttpContext http, IDatabase database, IGenerationStore store)
    {
        if (!Http.Query.HasOnly(http, ["limit", "offset"], out var problem))
        {
            return problem;
        }

        if (!Paging.TryRead(http, 100, 200, out var paging, out problem))
        {
            return problem;
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("conversation");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        if (await db.FindConversationAsync(id, http.RequestAborted) is not { } conversation)
        {
            return Problems.NotFound("conversation");
        }

        var (rows, total) = await MessagePath.PageAsync(
            db,
            conversation,
            paging.Limit,
            paging.Offset,
            ascending: true,
            http.RequestAborted
        );
        var views = await MessageView.OfAsync(db, store, rows, http.RequestAborted);
        return Results.Json(new Page([.. rows.Zip(views, RowOf)], total, paging.Limit, paging.Offset), ChatConversationEndpoints.Json);
    }

    internal static ChatMessageRow RowOf(Message row, MessageView view) =>
        new(
            row.Id,
            row.ConversationId,
            row.Role,
            view.Content,
            row.OutputTokens ?? row.InputTokens,
            row.Metadata is { } metadata ? JsonElement.Parse(metadata)
                : row.Model is { } model
                    ? JsonSerializer.SerializeToElement(
                        new
                        {
                            model,
                            status = view.Status,
                            finishReason = view.FinishReason,
                        }
                    )
                : null,
            row.CreatedAt
        );
}
