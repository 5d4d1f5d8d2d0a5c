using System.Text.Json;
using Parley.Server.Data;
using Parley.Server.Generations;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>Finds Responses for those who may see them, and writes them as they stand.</summary>
public sealed class ResponseReading(OwnedGenerations lookup, IGenerationStore store)
{
    /// <summary>The Response, or null when it is missing, somebody else's, or an answer of another kind.</summary>
    public FoundResponse? Find(CurrentUser? user, string id)
    {
        if (
            lookup.Find(user, OpenAIIds.GenerationOf(id)) is not { } found
            || lookup.RequestOf(found.Id) is not { Kind: StoredRequest.Response } asked
        )
        {
            return null;
        }

        return new FoundResponse(found, asked.Body);
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
