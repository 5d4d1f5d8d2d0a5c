using Parley.Server.Http.Errors;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Errors about the name of a model.</summary>
public static class ModelProblems
{
    /// <summary>There is no such model: unknown, or of a provider that nothing configures.</summary>
    public static Problem NotFound(ModelRouter router, string? model)
    {
        var shown = model is { Length: > 64 } ? model[..64] + "…" : model;
        var detail = router.FindUnconfigured(model) is { } provider
            ? $"There is no model \"{shown}\": {provider.Name} is not configured. {provider.HowToConfigure}"
            : $"There is no model \"{shown}\". GET /api/v1/models lists the available models.";
        return Problems.Invalid("model", ErrorCodes.ModelNotFound, detail);
    }
}
