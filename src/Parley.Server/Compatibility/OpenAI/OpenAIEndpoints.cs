using Parley.Server.Compatibility.OpenAI.Schemas;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>The OpenAI API.</summary>
public static class OpenAIEndpoints
{
    private static readonly ParameterMetadata ResponseId = Parameters.Id(
        "The Response's id.",
        """{"type":"string","pattern":"^resp_[0-9a-f]{32}$"}"""
    );

    private static readonly ParameterMetadata ModelId = Parameters.Id("The model's name. It may contain slashes.", Parameters.Text);

    private static readonly ParameterMetadata Stream = Parameters.Query(
        "stream",
        "`true`: the events of the Response instead of the object.",
        """{"type":"string","enum":["true","false"],"default":"false"}"""
    );

    private static readonly ParameterMetadata StartingAfter = Parameters.Query(
        "starting_after",
        "The `sequence_number` of the last event received.",
        Parameters.Position
    );

    public static IServiceCollection AddOpenAI(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<CompletionOptions>().Bind(configuration.GetSection("Completions")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IPromptSource, StoredChatCompletions>();
        services.AddSingleton<StoredResponses>();
        services.AddSingleton<IPromptSource>(static provider => provider.GetRequiredService<StoredResponses>());
        return services.AddSingleton<ResponseReader>();
    }

    public static void MapOpenAI(this IEndpointRouteBuilder routes)
    {
        var v1 = routes
            .MapGroup("/v1")
            .WithTag("OpenAI", "The OpenAI API, for OpenAI-compatible clients. Errors use its envelope.")
            .WithErrorFormat(new OpenAIErrorFormat())
            .WithResponseHeader("x-request-id", static () => $"req_{TraceId.Current()}")
            .WithJsonFormat(OpenAIJson.Options);
        v1.MapGet("/models", ListOpenAIModels.Handle)
            .WithName("listOpenAIModels")
            .WithSummary("Lists the available models.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .Produces<ListOpenAIModels.List>();
        v1.MapGet("/models/{**id}", GetOpenAIModel.Handle)
            .WithName("getOpenAIModel")
            .WithSummary("Returns a model.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(ModelId)
            .Produces<OpenAIModel>()
            .ProducesError(404, ErrorCodes.ModelNotFound);
        v1.MapPost("/chat/completions", CreateChatCompletion.Handle)
            .WithName("createChatCompletion")
            .WithSummary("Sends the whole conversation to a model.")
            .WithDescription(
                "The answer is not listed, and is kept for a day, so that it can be followed and retried. With `store: true` it is stored as a listed conversation."
            )
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsJson<CreateChatCompletionRequest>(isTolerant: true)
            .WithExample("a stream", """{"model":"auto","stream":true,"messages":[{"role":"user","content":"Hello"}]}""")
            .Produces<ChatCompletion>()
            .StartsOpenAIGeneration();
        v1.MapPost("/responses", CreateResponse.Handle)
            .WithName("createResponse")
            .WithSummary("Sends input to a model: streamed, synchronous, or in the background.")
            .WithDescription("In each case the generation continues when the client disconnects.")
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsJson<CreateResponseRequest>(isTolerant: true)
            .WithExample("a stream", """{"model":"auto","input":"Hello","stream":true}""")
            .Produces<Response>()
            .ProducesError(400, OpenAIErrorCodes.PreviousResponseNotFound, OpenAIErrorCodes.PreviousResponseNotCompleted)
            .StartsOpenAIGeneration();
        v1.MapGet("/responses/{id}", GetResponse.Handle)
            .WithName("getResponse")
            .WithSummary("Returns the current state of a Response, or its events after a sequence number.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .WithParameters(ResponseId, Stream, StartingAfter)
            .Produces<Response>()
            .FollowsGeneration("With `stream=true`: its events.", Media.Events)
            .ProducesError(400, ErrorCodes.WrongType, ErrorCodes.DuplicateParameter)
            .ProducesError(404, ErrorCodes.NotFound);
        v1.MapDelete("/responses/{id}", DeleteResponse.Handle)
            .WithName("deleteResponse")
            .WithSummary("Deletes a Response; a running one is ended.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .WithParameters(ResponseId)
            .Produces<DeleteResponse.Deleted>()
            .ProducesError(404, ErrorCodes.NotFound);
        v1.MapPost("/responses/{id}/cancel", CancelResponse.Handle)
            .WithName("cancelResponse")
            .WithSummary("Stops a Response. Does nothing if it has ended.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .AcceptsNoBody()
            .WithParameters(ResponseId)
            .Produces<Response>()
            .ProducesError(404, ErrorCodes.NotFound);
        v1.MapUnmatched();
    }

    private static void StartsOpenAIGeneration(this RouteHandlerBuilder route) =>
        route
            .StartsGeneration(Media.Events)
            .WithResponseHeaders([400, 404], GenerationDescriptions.Headers) // statuses that report a model's refusal
            .ProducesError(404, ErrorCodes.ModelNotFound)
            .ProducesError(409, ErrorCodes.AnswerRunning)
            .ProducesError(500, OpenAIErrorCodes.ServerError)
            .ProducesError(503, OpenAIErrorCodes.ServerIsOverloaded);
}
