using Parley.Server.Generations;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>The OpenAI API, for every client, tool and library that speaks it. Errors are in its envelope.</summary>
public static class OpenAIEndpoints
{
    public static IServiceCollection AddOpenAI(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<CompletionOptions>().Bind(configuration.GetSection("Completions")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IPromptSource, StoredChatCompletions>();
        services.AddSingleton<StoredResponses>();
        services.AddSingleton<IPromptSource>(static provider => provider.GetRequiredService<StoredResponses>());
        return services.AddSingleton<ResponseReading>();
    }

    public static void MapOpenAI(this IEndpointRouteBuilder routes)
    {
        var v1 = routes.MapGroup("/v1").WithTags("OpenAI");
        v1.MapGet("/models", ListOpenAIModels.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("listOpenAIModels", "The models that can be asked.")
            .Answers<ListOpenAIModels.List>();
        v1.MapGet("/models/{**id}", GetOpenAIModel.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("getOpenAIModel", "One model.")
            .Reads(Parameters.ModelId)
            .Answers<OpenAIModel>()
            .Refuses(404, "model_not_found");
        v1.MapPost("/chat/completions", CreateChatCompletion.Handle)
            .CountedAs(RateBucket.Chat)
            .Takes<CreateChatCompletion.Request>(tolerant: true)
            .Operation(
                "createChatCompletion",
                "Asks a model, with the whole conversation in the request.",
                "The answer is kept for a day, so that it can be followed and retried, and is in no list; with `store: true` it is a conversation as any other."
            )
            .Example("a stream", """{"model":"auto","stream":true,"messages":[{"role":"user","content":"Hello"}]}""")
            .Answers<ChatCompletion>(json: OpenAISchemas.Json)
            .Starts();
        v1.MapPost("/responses", CreateResponse.Handle)
            .CountedAs(RateBucket.Chat)
            .Takes<CreateResponse.Request>(tolerant: true)
            .Operation(
                "createResponse",
                "Asks a model: streamed, waited for, or in the background.",
                "None of them ends when the client leaves."
            )
            .Example("a stream", """{"model":"auto","input":"Hello","stream":true}""")
            .Answers<Response>(json: OpenAISchemas.Json)
            .Refuses(400, "previous_response_not_found", "previous_response_not_completed")
            .Starts();
        v1.MapGet("/responses/{id}", GetResponse.Handle)
            .CountedAs(RateBucket.Follow)
            .Operation("getResponse", "A Response as it stands, or its events after a number.")
            .Reads(Parameters.ResponseId, Parameters.Stream, Parameters.StartingAfter)
            .Answers<Response>(json: OpenAISchemas.Json)
            .FollowsAnswer("With `stream=true`: its events.", Media.Events)
            .Refuses(400, "wrong_type", "duplicate_parameter")
            .Refuses(404, "not_found");
        v1.MapDelete("/responses/{id}", DeleteResponse.Handle)
            .CountedAs(RateBucket.Write)
            .Operation("deleteResponse", "Deletes a Response. One that is being written ends.")
            .Reads(Parameters.ResponseId)
            .Answers<DeleteResponse.Deleted>()
            .Refuses(404, "not_found");
        v1.MapPost("/responses/{id}/cancel", CancelResponse.Handle)
            .CountedAs(RateBucket.Follow)
            .TakesNoBody()
            .Operation("cancelResponse", "Stops a Response. One that has ended stays as it is.")
            .Reads(Parameters.ResponseId)
            .Answers<Response>(json: OpenAISchemas.Json)
            .Refuses(404, "not_found");
    }

    private static void Starts(this RouteHandlerBuilder route) =>
        route
            .StartsAnswer(Media.Events)
            .Refuses(404, "model_not_found")
            .Refuses(409, "answer_running")
            .Refuses(500, "server_error")
            .Refuses(503, "server_is_overloaded");
}
