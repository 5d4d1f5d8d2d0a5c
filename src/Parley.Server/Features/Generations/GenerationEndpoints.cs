using Parley.Server.Contracts;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Generations;

public static class GenerationEndpoints
{
    private static string? Resource(HttpContext http) => http.Request.RouteValues["id"] is string id ? Tickets.ForGeneration(id) : null;

    public static IServiceCollection AddGenerationViews(this IServiceCollection services) => services.AddSingleton<GenerationViews>();

    public static void MapGenerations(this IEndpointRouteBuilder routes)
    {
        var generations = routes
            .MapGroup("/api/v1/generations/{id}")
            .WithTag("Generations", "A generation, running or ended: a durable log that is followed from a position.");
        generations
            .MapGet("", GetGeneration.Handle)
            .WithName("getGeneration")
            .WithSummary("Returns the state of a generation.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.GenerationId)
            .Produces<GenerationView>()
            .ProducesError(404, ErrorCodes.NotFound);
        generations
            .MapGet("/events", FollowGeneration.Handle)
            .WithName("followGeneration")
            .WithSummary("Follows a generation from a position: first what is stored, then what is appended.")
            .WithDescription(
                "Native events, unless `format` names another format. Only `native` and `token` have positions; the others always start at the beginning."
            )
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .WithMetadata(new QueryCredentials(Resource))
            .WithParameters(
                Parameters.GenerationId,
                GenerationDescriptions.LastEventId,
                GenerationDescriptions.After,
                GenerationDescriptions.LastEventIdInQuery,
                GenerationDescriptions.Format
            )
            .FollowsGeneration("The events after the client's position.", Media.Events, Media.Text)
            .ProducesEvents(GenerationEventSchemas.Native, GenerationEventSchemas.Token, GenerationEventSchemas.Content)
            .ProducesNoBody(204, "The position is the end of a generation that has ended.")
            .ProducesError(
                400,
                ErrorCodes.InvalidPosition,
                ErrorCodes.PositionBeyondEnd,
                ErrorCodes.PositionInsideCharacter,
                ErrorCodes.NoCursor,
                ErrorCodes.UnknownFormat,
                ErrorCodes.DuplicateParameter
            )
            .ProducesError(404, ErrorCodes.NotFound);
        generations
            .MapPost("/stop", StopGeneration.Handle)
            .WithName("stopGeneration")
            .WithSummary("Stops a generation at the position that the client has displayed. Does nothing if it has ended.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .AcceptsJson<StopGeneration.Request>(isOptional: true)
            .WithParameters(Parameters.GenerationId)
            .Produces<GenerationView>()
            .ProducesError(400, ErrorCodes.InvalidPosition)
            .ProducesError(404, ErrorCodes.NotFound);
        generations
            .MapPost("/retry", RetryGeneration.Handle)
            .WithName("retryGeneration")
            .WithSummary("Generates another answer to the same message, as a sibling of the first.")
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsJson<RetryGeneration.Request>(isOptional: true)
            .StartsAnotherGeneration();
        generations
            .MapPost("/continue", ContinueGeneration.Handle)
            .WithName("continueGeneration")
            .WithSummary("Continues an answer that ended early, in a new message that begins with its text.")
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsJson<ContinueGeneration.Request>(isOptional: true)
            .StartsAnotherGeneration()
            .ProducesError(400, ErrorCodes.InvalidPosition)
            .ProducesError(409, ErrorCodes.AnswerComplete);
        generations
            .MapPost("/ticket", CreateGenerationTicket.Handle)
            .WithName("createGenerationTicket")
            .WithSummary("Issues a credential for following one generation that may be part of a URL.")
            .WithDescription("It is valid for one minute, for any number of connections.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .AcceptsNoBody()
            .WithParameters(Parameters.GenerationId)
            .Produces<CreateGenerationTicket.Created>()
            .ProducesError(404, ErrorCodes.NotFound);
    }

    private static RouteHandlerBuilder StartsAnotherGeneration(this RouteHandlerBuilder route) =>
        route
            .WithParameters(Parameters.GenerationId)
            .StartsGeneration(Media.Events)
            .ProducesEvents(GenerationEventSchemas.Native)
            .Produces<WholeAnswer.Answer>("With `stream: false`: one object, when the generation has ended.")
            .ProducesError(400, ErrorCodes.ModelNotFound)
            .ProducesError(404, ErrorCodes.NotFound)
            .ProducesError(409, ErrorCodes.AnswerRunning)
            .ProducesError(502, ErrorCodes.ProviderUnavailable, ErrorCodes.ProviderReportedError);
}
