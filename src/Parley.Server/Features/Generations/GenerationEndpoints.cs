using Parley.Server.Contracts;
using Parley.Server.Generations;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Generations;

public static class GenerationEndpoints
{
    private static string? Resource(HttpContext http) => http.Request.RouteValues["id"] is string id ? Tickets.ForGeneration(id) : null;

    public static void MapGenerations(this IEndpointRouteBuilder routes)
    {
        var generations = routes.MapGroup("/api/v1/generations/{id}").WithTags("Generations");
        generations
            .MapGet("", GetGeneration.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("getGeneration", "Where a generation stands.")
            .Reads(Parameters.GenerationId)
            .Answers<GenerationView>()
            .Refuses(404, "not_found");
        generations
            .MapGet("/events", FollowGeneration.Handle)
            .CountedAs(RateBucket.Follow)
            .WithMetadata(new QueryCredentials(Resource))
            .Operation(
                "followGeneration",
                "A generation from a position on: what is there, and then what comes.",
                "Native events, unless `format` names another format. Only `native` and `token` have positions: the others begin at the beginning, each time."
            )
            .Reads(Parameters.GenerationId, Parameters.LastEventId, Parameters.After, Parameters.LastEventIdInQuery, Parameters.Format)
            .FollowsAnswer("The answer, from the reader's position on.", Media.Events, Media.Text)
            .Sends(EventSchemas.Generation, EventSchemas.Token, EventSchemas.Content)
            .AnswersNothing(204, "The reader has everything.")
            .Refuses(
                400,
                "invalid_position",
                "position_beyond_end",
                "position_inside_character",
                "no_cursor",
                "unknown_format",
                "duplicate_parameter"
            )
            .Refuses(404, "not_found");
        generations
            .MapPost("/stop", StopGeneration.Handle)
            .CountedAs(RateBucket.Follow)
            .Takes<StopGeneration.Request>()
            .BodyIsOptional()
            .Operation("stopGeneration", "Stops a generation, at what the viewer has seen. One that has ended stays as it is.")
            .Reads(Parameters.GenerationId)
            .Answers<GenerationView>()
            .Refuses(400, "invalid_position")
            .Refuses(404, "not_found");
        generations
            .MapPost("/retry", RetryGeneration.Handle)
            .CountedAs(RateBucket.Chat)
            .Takes<RetryGeneration.Request>()
            .BodyIsOptional()
            .Operation("retryGeneration", "Answers the same message again, beside the first answer.")
            .AnswersAgain();
        generations
            .MapPost("/continue", ContinueGeneration.Handle)
            .CountedAs(RateBucket.Chat)
            .Takes<ContinueGeneration.Request>()
            .BodyIsOptional()
            .Operation("continueGeneration", "Goes on where an answer ended early, in a new message that begins with its text.")
            .AnswersAgain()
            .Refuses(400, "invalid_position")
            .Refuses(409, "answer_complete");
        generations
            .MapPost("/ticket", CreateGenerationTicket.Handle)
            .CountedAs(RateBucket.Follow)
            .TakesNoBody()
            .Operation(
                "createGenerationTicket",
                "A credential for following one generation that may stand in a URL. Good for a minute, for as many connections as it takes."
            )
            .Reads(Parameters.GenerationId)
            .Answers<CreateGenerationTicket.Created>()
            .Refuses(404, "not_found");
    }

    private static RouteHandlerBuilder AnswersAgain(this RouteHandlerBuilder route) =>
        route
            .Reads(Parameters.GenerationId)
            .StartsAnswer(Media.Events)
            .Sends(EventSchemas.Generation)
            .Answers<WholeAnswer.Answer>(description: "With `stream: false` one object, when it has ended.")
            .Refuses(400, "model_not_found")
            .Refuses(404, "not_found")
            .Refuses(409, "answer_running")
            .Refuses(502, "provider_unavailable", "provider_reported_error");
}
