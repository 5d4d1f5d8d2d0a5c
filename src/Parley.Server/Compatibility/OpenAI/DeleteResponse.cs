using System.Text.Json.Serialization;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary><c>DELETE /v1/responses/{id}</c>.</summary>
public static class DeleteResponse
{
    public sealed record Deleted(
        string Id,
        [property: JsonPropertyName("object")] string Kind,
        [property: JsonPropertyName("deleted")] bool IsDeleted
    );

    public static async Task<IResult> Handle(
        string id,
        HttpContext http,
        ResponseReader responses,
        ChatStore store,
        GenerationRunner runner
    )
    {
        var user = CurrentUser.Of(http.User);
        if (
            await responses.FindAsync(user, id, http.RequestAborted) is not { } found
            || await store.DeleteAsync(user!.Owner, found.Info.ConversationId) is not { } fenced
        )
        {
            return Problems.NotFound("response");
        }

        foreach (var generation in fenced)
        {
            runner.Discard(generation);
        }

        return ApiJson.Ok(new Deleted(id, "response", true));
    }
}
