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

        EventStreamHeaders.Write(http.Response);
        using var guard = new StreamTimeouts(http, options.Value, time, signal.Set, lifetime.ApplicationStopping);
        try
        {
            while (!lifetime.ApplicationStopping.IsCancellationRequested)
            {
                if (isNews)
                {
                    var isLast = body.IsFinal;
                    if (!await WriteAsync(http.Response.BodyWriter, guard, body) || isLast)
                    {
                        return Results.Empty;
                    }
                }
                else if (guard.IsSilent)
                {
                    http.Response.BodyWriter.Write(": hb\n\n"u8);
                    if (!await guard.FlushAsync())
                    {
                        return Results.Empty;
                    }
                }

                await signal.WaitAsync(body.DueIn, http.RequestAborted);
                changes.Take(body.Poke);
                isNews = await body.TakeAsync(http.RequestAborted);
            }

            await guard.AbortAsync();
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The reader left.
        }

        return Results.Empty;
    }

    /// <summary>False when the reader is gone. A long body is flushed in pieces, so that a slow reader is not taken for one that does not read.</summary>
    private static async ValueTask<bool> WriteAsync(PipeWriter output, StreamTimeouts guard, PacedBody body)
    {
        // A stream that was deleted has come to an end without its text.
        var json = (body.Body ?? new StreamBody(default, StreamStatus.Error)).ToJson();
        body.Sent(json.Length);
        output.Write("data: "u8);
        for (; json.Length > PieceBytes; json = json[PieceBytes..])
        {
            output.Write(json.Span[..PieceBytes]);
            if (!await guard.FlushAsync())
            {
                return false;
            }
        }

        output.Write(json.Span);
        output.Write("\n\n"u8);
        return await guard.FlushAsync();
    }
}
