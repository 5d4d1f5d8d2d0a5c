using Parley.Server.Data;
using Parley.Server.Http.Errors;

namespace Parley.Server.Generations;

/// <summary>Maps a refusal of the store to an error response.</summary>
public static class RefusalProblems
{
    public static Problem ToProblem(this StartRefusal refusal) =>
        refusal.Kind switch
        {
            RefusalKind.NotFound => Problems.NotFound(refusal.Detail),
            RefusalKind.Conflict => Problems.Of(StatusCodes.Status409Conflict, refusal.Code, refusal.Detail, refusal.Field),
            RefusalKind.TooLarge => Problems.Of(StatusCodes.Status413PayloadTooLarge, refusal.Code, refusal.Detail, refusal.Field),
            RefusalKind.KeyReused => Problems.Of(StatusCodes.Status422UnprocessableEntity, refusal.Code, refusal.Detail, refusal.Field),
            _ => Problems.Of(StatusCodes.Status400BadRequest, refusal.Code, refusal.Detail, refusal.Field),
        };
}
