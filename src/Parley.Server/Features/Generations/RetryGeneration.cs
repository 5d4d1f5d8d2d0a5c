using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Routing;

namespace Parley.Server.Features.Generations;

/// <summary><c>POST /api/v1/generations/{id}/retry</c>: generates another answer to the same message, as a sibling of the first.</summary>
public static class RetryGeneration
{
    public sealed record Request(string? Model, bool? Stream);

    public static async Task<IResult> Handle(string id, HttpContext http, GenerationStarter starter, ModelRouter router, TimeProvider time)
    {
        if ((await StrictJson.ReadAsync(http, new Request(null, null))).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("generation");
        }

        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (request.Model is not null && router.Resolve(request.Model) is null)
        {
            return ModelProblems.NotFound(router, request.Model);
        }

        var command = new RegenerateAnswer
        {
            Owner = user.Owner,
            Now = time.GetUtcNow(),
            ChooseModel = ModelChoice.SameAs(router, request.Model),
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint("retry", id, null, request.Model),
            GenerationId = id,
        };
        return await starter.StartAsync(http, command, ResponseMode.Native(request.Stream ?? true));
    }
}
