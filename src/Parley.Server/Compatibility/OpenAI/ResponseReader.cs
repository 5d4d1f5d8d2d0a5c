using System.Text.Json;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>Finds a caller's Responses, and writes their current state.</summary>
public sealed class ResponseReader(ChatQueries chats, IGenerationStore store)
{
    /// <summary>The Response, or null when the user has none with this id.</summary>
    public async ValueTask<FoundResponse?> FindAsync(CurrentUser? user, string id, CancellationToken cancellationToken)
    {
        if (user is null)
        {
            return null;
        }

        await using var reads = await chats.OpenAsync(user.Owner, cancellationToken);
        return
            await reads.GenerationAsync(OpenAIIds.GenerationOf(id)) is { } found
            && await reads.RequestAsync(found.Id) is { Kind: StoredRequest.Response } request
            ? new FoundResponse(found, request.Body)
            : null;
    }

    /// <summary>The object, with the output so far.</summary>
    public async Task<IResult> ObjectAsync(FoundResponse response, CancellationToken cancellationToken)
    {
        var log = await store.SnapshotAsync(response.Generation.Id, cancellationToken);
        return OpenAIProblems.Json(output => ResponseObject.Write(response.Info, log, response.Request, output, model: response.Model));
    }
}

/// <summary>A Response.</summary>
public sealed record FoundResponse(OwnedGeneration Generation, JsonElement Request)
{
    public GenerationInfo Info => Generation.Info;

    /// <summary>The model's name as the client sent it.</summary>
    public string? Model => Request.TryGetProperty("model", out var model) ? model.GetString() : null;
}
