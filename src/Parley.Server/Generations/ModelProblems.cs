using Parley.Server.Http.Errors;

namespace Parley.Server.Generations;

/// <summary>Errors about the name of a model.</summary>
public static class ModelProblems
{
    public static Problem NotFound(string? model)
    {
        var shown = model is { Length: > 64 } ? model[..64] + "…" : model;
        return Problems.Invalid(
            "model",
            ErrorCodes.ModelNotFound,
            $"There is no model \"{shown}\". GET /api/v1/models lists the available models."
        );
    }
}
