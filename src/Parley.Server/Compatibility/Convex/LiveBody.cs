using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Options;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary>A body as Server-Sent Events: the whole of it, each time that it has changed, until it is final.</summary>
public sealed class LiveBody(
    StreamBodies bodies,
    ChangeFeed feed,
    IOptions<StreamOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time
)
{
    private const int PieceBytes = 64 * 1024;

    internal async Task<IResult> WriteAsync(HttpContext http, CurrentUser user, string streamId)
    {
        using var signal = new Signal(time);
        await using var changes = new ChangeWatch(feed, user.Owner, signal.Set);
        await using var body = new PacedBody(bodies, user, streamId, signal.Set, time);
        var isNews = await body.TakeAsync(http.RequestAborted);
        if (body.Body is null)
        {
            return Problems.NotFound("stream");
        }

        using var timeouts = new StreamTimeouts(http, options.Value, time, signal.Set, lifetime.ApplicationStopping);
        return await EventStreamResponse.RunAsync(http, timeouts, FollowAsync);

        async Task<StreamEnd> FollowAsync(PipeWriter output)
        {
            while (!lifetime.ApplicationStopping.IsCancellationRequested)
            {
                var isLast = isNews && body.IsFinal;
                var isConnected = isNews ? await WriteAsync(output, timeouts, body) : await timeouts.HeartbeatAsync();
                if (isLast || !isConnected)
                {
                    return StreamEnd.Complete;
                }

                await signal.WaitAsync(body.DueIn, http.RequestAborted);
                changes.Take(body.Poke);
                isNews = await body.TakeAsync(http.RequestAborted);
            }

            return StreamEnd.Interrupted;
        }
    }

    /// <summary>False when the client is gone. A long body is flushed in pieces, so that a slow client is not taken for one that does not read.</summary>
    private static async ValueTask<bool> WriteAsync(PipeWriter output, StreamTimeouts timeouts, PacedBody body)
    {
        // A stream that was deleted has come to an end without its text.
        var json = (body.Body ?? new StreamBody(default, StreamStatus.Error)).ToJson();
        body.Sent(json.Length);
        output.Write("data: "u8);
        for (; json.Length > PieceBytes; json = json[PieceBytes..])
        {
            output.Write(json.Span[..PieceBytes]);
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
