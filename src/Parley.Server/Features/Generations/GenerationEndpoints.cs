namespace Parley.Server.Features.Generations;

public static class GenerationEndpoints
{
    public static void MapGenerations(this IEndpointRouteBuilder routes)
    {
        var generations = routes.MapGroup("/api/v1/generations/{id}").WithTags("Generations");
        generations.MapGet("", GetGeneration.Handle);
        generations.MapGet("/events", FollowGeneration.Handle);
        generations.MapPost("/stop", StopGeneration.Handle);
        generations.MapPost("/retry", RetryGeneration.Handle);
        generations.MapPost("/continue", ContinueGeneration.Handle);
    }
}
