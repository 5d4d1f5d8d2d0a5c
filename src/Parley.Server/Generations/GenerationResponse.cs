using Parley.Streaming.Generations;

namespace Parley.Server.Generations;

/// <summary>Writes the response to a request that has started a generation or attached to one.</summary>
public sealed class GenerationResponse(GenerationFollower follower, WholeAnswer whole)
{
    public async Task<IResult> WriteAsync(HttpContext http, GenerationId id, StreamStart start, ResponseMode mode)
    {
        http.Response.Headers["X-Conversation-Id"] = start.Info.ConversationId;
        http.Response.Headers["X-Generation-Id"] = start.Info.GenerationId;
        return mode switch
        {
            ResponseMode.Background background => await background.Write(start.Info),
            ResponseMode.Json json => await whole.WhenEndedAsync(http, id, start.Info, json.Write),
            ResponseMode.Streaming stream => await StreamAsync(http, id, start, stream),
            _ => throw new InvalidOperationException($"{mode.GetType().Name} is not a response mode."),
        };
    }

    private async Task<IResult> StreamAsync(HttpContext http, GenerationId id, StreamStart start, ResponseMode.Streaming mode)
    {
        if (mode.RefusalWait > TimeSpan.Zero && await follower.RefusalAsync(id, mode.RefusalWait, http.RequestAborted) is { } refusal)
        {
            var problem = FailureProblem.Of(refusal, start.Info, hasContent: false);
            if (problem.Status == StatusCodes.Status429TooManyRequests || !mode.OnlyRateLimits)
            {
                return problem;
            }
        }

        await follower.WriteAsync(http, id, mode.Format(start), from: mode.From(start));
        return Results.Empty;
    }
}
