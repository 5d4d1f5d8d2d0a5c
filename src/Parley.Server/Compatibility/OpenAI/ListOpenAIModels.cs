using System.Text.Json.Serialization;
using Parley.Server.Generations;
using Parley.Server.Http.Json;
using Parley.Streaming.Routing;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>A model in the OpenAI API. <c>created</c> is always 0, as it is unknown.</summary>
public sealed record OpenAIModel(
    string Id,
    [property: JsonPropertyName("object")] string Kind,
    long Created,
    [property: JsonPropertyName("owned_by")] string OwnedBy
)
{
    internal static OpenAIModel Of(string id, string provider) => new(id, "model", 0, provider);
}

/// <summary><c>GET /v1/models</c>.</summary>
public static class ListOpenAIModels
{
    public sealed record List([property: JsonPropertyName("object")] string Kind, IReadOnlyList<OpenAIModel> Data);

    public static async Task<IResult> Handle(ModelRouter router, HttpContext http)
    {
        List<OpenAIModel> models = [];
        if (router.Resolve(null) is { } defaultRoute)
        {
            models.Add(OpenAIModel.Of("auto", defaultRoute.Provider));
        }

        foreach (var alias in router.Aliases)
        {
            if (router.Resolve(alias) is { } route)
            {
                models.Add(OpenAIModel.Of(alias, route.Provider));
            }
        }

        foreach (var listing in await router.ListAsync(http.RequestAborted))
        {
            models.Add(OpenAIModel.Of(listing.Id, listing.Provider));
            // The short name too, if it is unambiguous: many programs are configured with it.
            if (router.Resolve(listing.Model)?.Id == listing.Id)
            {
                models.Add(OpenAIModel.Of(listing.Model, listing.Provider));
            }
        }

        return ApiJson.Ok(new List("list", [.. models.DistinctBy(model => model.Id)]));
    }
}

/// <summary><c>GET /v1/models/{id}</c>; an id may contain slashes.</summary>
public static class GetOpenAIModel
{
    public static IResult Handle(string id, ModelRouter router)
    {
        var name = Uri.UnescapeDataString(id);
        return router.Resolve(name) is { } route ? ApiJson.Ok(OpenAIModel.Of(name, route.Provider)) : ModelProblems.NotFound(router, name);
    }
}
