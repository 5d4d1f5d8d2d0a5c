using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;
using Parley.Streaming.Routing;

namespace Parley.Server.Features.Models;

/// <summary><c>GET /api/v1/models</c>: the available models.</summary>
public static class ModelEndpoints
{
    public sealed record ModelList(IReadOnlyList<Model> Items, string? Default);

    public sealed record Model(string Id, string Provider, string Name, bool IsDefault);

    public static void MapModels(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/models", Handle)
            .WithTag("Models", "The available models.")
            .WithName("listModels")
            .WithSummary("Lists the available models.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .Produces<ModelList>();

    private static async Task<IResult> Handle(ModelRouter router, HttpContext http)
    {
        var defaultModel = router.Resolve(null)?.Id;
        var models = await router.ListAsync(http.RequestAborted);
        return ApiJson.Ok(
            new ModelList(
                [.. models.Select(model => new Model(model.Id, model.Provider, model.DisplayName, model.Id == defaultModel))],
                defaultModel
            )
        );
    }
}
