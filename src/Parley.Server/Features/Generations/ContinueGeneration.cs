using System.ComponentModel;
using System.Globalization;
using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Routing;

namespace Parley.Server.Features.Generations;

/// <summary>
/// <c>POST /api/v1/generations/{id}/continue</c>: continues an answer that ended early, in a new message that starts with its text.
/// </summary>
public static class ContinueGeneration
{
    public sealed record Request(
        string? Model,
        bool? Stream,
        [property: Description("The position to continue from. Default: where the generation ended, or was stopped.")] long? Position
    );

    public static async Task<IResult> Handle(string id, HttpContext http, GenerationStarter starter, ModelRouter router, TimeProvider time)
    {
        if ((await StrictJson.ReadAsync(http, new Request(null, null, null))).IsBad(out var bad, out var request))
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

        var command = new ContinueAnswer
        {
            Owner = user.Owner,
            Now = time.GetUtcNow(),
            ChooseModel = ModelChoice.SameAs(router, request.Model),
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint(
                "continue",
                id,
                request.Position?.ToString(CultureInfo.InvariantCulture),
                request.Model
            ),
            GenerationId = id,
            Position = request.Position,
        };
        return await starter.StartAsync(http, command, ResponseMode.Native(request.Stream ?? true));
    }
}
