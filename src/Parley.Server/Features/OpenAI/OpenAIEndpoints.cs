using Parley.Server.Answers;
using Parley.Server.Http;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.OpenAI;

/// <summary>The OpenAI API, for every client, tool and library that speaks it. Errors are in its envelope.</summary>
public static class OpenAIEndpoints
{
    public static IServiceCollection AddOpenAI(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<CompletionOptions>().Bind(configuration.GetSection("Completions")).ValidateDataAnnotations().ValidateOnStart();
        return services.AddSingleton<ResponseReading>();
    }

    public static void MapOpenAI(this IEndpointRouteBuilder routes)
    {
        var v1 = routes.MapGroup("/v1").WithTags("OpenAI");
        v1.MapGet("/models", ListOpenAIModels.Handle).CountedAs(RateBucket.Read);
        v1.MapGet("/models/{**id}", GetOpenAIModel.Handle).CountedAs(RateBucket.Read);
        v1.MapPost("/chat/completions", CreateChatCompletion.Handle).CountedAs(RateBucket.Chat).Takes<CreateChatCompletion.Request>(tolerant: true);
        v1.MapPost("/responses", CreateResponse.Handle).CountedAs(RateBucket.Chat).Takes<CreateResponse.Request>(tolerant: true);
        v1.MapGet("/responses/{id}", GetResponse.Handle).CountedAs(RateBucket.Follow);
        v1.MapDelete("/responses/{id}", DeleteResponse.Handle).CountedAs(RateBucket.Write);
        v1.MapPost("/responses/{id}/cancel", CancelResponse.Handle).CountedAs(RateBucket.Follow).TakesNoBody();
    }
}
