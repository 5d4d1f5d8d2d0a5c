using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>Resumes the running generation of a chat for <c>useChat</c>, from the start, with the id of its message.</summary>
public sealed class ResumeChat(ChatQueries chats)
{
    /// <summary>
    /// <c>GET /api/chat/{id}/stream</c>, AI SDK 5 to 7. 204 when no generation is running or the chat does not exist: for any other status
    /// a page shows an error when it loads.
    /// </summary>
    public static async Task<IResult> Handle(string id, HttpContext http, ResumeChat resume, ResumeGeneration resumption)
    {
        if (!FormatParameter.TryRead(http, out var format, out var problem))
        {
            return problem;
        }

        return await resume.FindAsync(http, id) is { } found
            ? await resumption.FromStartAsync(http, found, format?.Create(found.Info) ?? new UiMessageStream(found.Info, found.MessageName))
            : Results.NoContent();
    }

    /// <summary><c>GET /api/chat?chatId=</c>, AI SDK 4, which treats a 204 as a failure: it gets an empty body instead.</summary>
    public static async Task<IResult> HandleQuery(HttpContext http, ResumeChat resume, ResumeGeneration resumption)
    {
        if (!FormatParameter.TryRead(http, out var format, out var problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "chatId", out var id, out problem))
        {
            return problem;
        }

        if (id is null)
        {
            return Problems.Invalid("chatId", ErrorCodes.Required, "chatId is required: the id of the chat to resume.");
        }

        if (await resume.FindAsync(http, id) is { } found)
        {
            return await resumption.FromStartAsync(http, found, format?.Create(found.Info) ?? new DataStream(found.Info));
        }

        http.Response.Headers["x-vercel-ai-data-stream"] = "v1";
        return Results.Text("", "text/plain; charset=utf-8");
    }

    private async ValueTask<OwnedGeneration?> FindAsync(HttpContext http, string chat)
    {
        if (CurrentUser.Of(http.User) is not { } user)
        {
            return null;
        }

        await using var reads = await chats.OpenAsync(user.Owner, http.RequestAborted);
        return await reads.RunningAsync(chat);
    }
}
