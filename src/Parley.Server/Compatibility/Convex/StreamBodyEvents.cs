using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Options;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary>Streams a body as Server-Sent Events: the whole body each time it has changed, until it is final.</summary>
public sealed class StreamBodyEvents(
    StreamBodies bodies,
    ChangeFeed feed,
    IOptions<StreamOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time
)
{
    private const int ChunkBytes = 64 * 1024;

    internal async Task<IResult> WriteAsync(HttpContext http, CurrentUser user, string streamId)
    {
        using var waker = new Waker(time);
        await using var changes = new ChangeSubscription(feed, user.Owner, waker.Wake);
        await using var body = new ThrottledBody(bodies, user, streamId, waker.Wake, time);
        var hasChanged = await body.TakeAsync(http.RequestAborted);
        if (body.Body is null)
        {
            return Problems.NotFound("stream");
        }

        using var timeouts = new StreamTimeouts(http, options.Value, time, waker.Wake, lifetime.ApplicationStopping);
        return await EventStreamResponse.RunAsync(http, timeouts, FollowAsync);

        async Task<StreamEnd> FollowAsync(PipeWriter output)
        {
            while (!lifetime.ApplicationStopping.IsCancellationRequested)
            {
                var isLast = hasChanged && body.IsFinal;
                var isConnected = hasChanged ? await WriteAsync(output, timeouts, body) : await timeouts.HeartbeatAsync();
                if (isLast || !isConnected)
                {
                    return StreamEnd.Complete;
                }

                await waker.WaitAsync(body.DueIn, http.RequestAborted);
                changes.Take(body.MarkChanged);
                hasChanged = await body.TakeAsync(http.RequestAborted);
            }

            return StreamEnd.Interrupted;
        }
    }

    /// <summary>
    /// False when the client has disconnected. A long body is flushed in chunks, so that a slow client is not mistaken for one that does
    /// not read.
    /// </summary>
    private static async ValueTask<bool> WriteAsync(PipeWriter output, StreamTimeouts timeouts, ThrottledBody body)
    {
        // A deleted stream ends with an error and no text.
        var json = (body.Body ?? new StreamBody(default, StreamStatus.Error)).ToJson();
        body.Sent(json.Length);
        output.Write("data: "u8);
        for (; json.Length > ChunkBytes; json = json[ChunkBytes..])
        {
            output.Write(json.Span[..ChunkBytes]);
            if (!await timeouts.FlushAsync())
            {
                return false;
            }
        }

        output.Write(json.Span);
        output.Write("\n\n"u8);
        return await timeouts.FlushAsync();
    }
}
