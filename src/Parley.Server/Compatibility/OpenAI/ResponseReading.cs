using System.Text.Json;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>Finds Responses for those who may see them, and writes them as they stand.</summary>
public sealed class ResponseReading(ChatQueries chats, IGenerationStore store)
{
    /// <summary>The Response, or null when it does not exist for this user, or is an answer of another kind.</summary>
    public async ValueTask<FoundResponse?> FindAsync(CurrentUser? user, string id, CancellationToken cancellationToken)
    {
        if (user is null)
        {
            return null;
        }

        await using var reads = await chats.OpenAsync(user.Owner, cancellationToken);
        return
            await reads.GenerationAsync(OpenAIIds.GenerationOf(id)) is { } found
            && await reads.RequestAsync(found.Id) is { Kind: StoredRequest.Response } asked
            ? new FoundResponse(found, asked.Body)
            : null;
    }

    /// <summary>The object, with what of its output is there.</summary>
    public async Task<IResult> ObjectAsync(FoundResponse response, CancellationToken cancellationToken)
    {
        var log = await store.SnapshotAsync(response.Answer.Id, cancellationToken);
        return OpenAIProblems.Json(output => ResponseObject.Write(response.Info, log, response.Request, output, model: response.Model));
    }
}

/// <summary>A Response.</summary>
public sealed record FoundResponse(OwnedGeneration Answer, JsonElement Request)
{
    public GenerationInfo Info => Answer.Info;

    /// <summary>The model's name, as the client has it.</summary>
    public string? Model => Request.TryGetProperty("model", out var model) ? model.GetString() : null;
}
