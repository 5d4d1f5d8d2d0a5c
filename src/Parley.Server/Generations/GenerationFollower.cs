using Microsoft.Extensions.Options;
using Parley.Server.Http.Streaming;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>
/// Follows a generation and writes it to one client in one wire format. The client that started it is a follower like any other.
/// </summary>
public sealed class GenerationFollower(
    GenerationRunner runner,
    IOptions<StreamOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time
)
{
    /// <param name="http">The request; its response must not have started.</param>
    /// <param name="id">The generation.</param>
    /// <param name="format">The wire format; an instance of this reader only.</param>
    /// <param name="after">The client's cursor; null to write from the start.</param>
    /// <param name="from">Without a cursor: the position to start at, when the client already has the text before it.</param>
    public async Task WriteAsync(HttpContext http, GenerationId id, WireFormat format, long? after = null, long from = 0)
    {
        WriteHeaders(http.Response, format);
        var body = http.Response.BodyWriter;
        var stopping = lifetime.ApplicationStopping;
        using var reader = runner.Follow(id, after ?? from, http.RequestAborted);
        using var guard = new StreamTimeouts(http, options.Value, time, reader.Wake, stopping);
        try
        {
            if (after is null)
            {
                format.WriteStart(body);
            }
            else
            {
                format.WriteHeartbeat(body);
            }

            if (!await guard.FlushAsync())
            {
                return;
            }

            while (true)
            {
                GenerationEnded? ended = null;
                while (reader.TryRead(out var slice))
                {
                    ended = slice.Ended;
                    format.Write(slice, body);
                    if (body.UnflushedBytes > 0 && !await guard.FlushAsync())
                    {
                        return;
                    }
                }

                if (reader.State == LogReaderState.Ended)
                {
                    if (ended?.Error is not null && format.CutsAfterFailure)
                    {
                        await guard.AbortAsync();
                    }

                    return;
                }

                if (reader.State == LogReaderState.Lost || stopping.IsCancellationRequested)
                {
                    await guard.AbortAsync();
                    return;
                }

                if (format.HeldFor is { } wait && guard.IsIdleFor(wait))
                {
                    format.WriteHeld(body);
                    if (!await guard.FlushAsync())
                    {
                        return;
                    }
                }

                guard.WakeWhenIdleFor(format.HeldFor);
                if (await reader.WaitAsync() || !guard.IsHeartbeatDue)
                {
                    continue;
                }

                format.WriteHeartbeat(body);
                if (body.UnflushedBytes > 0 && !await guard.FlushAsync())
                {
                    return;
                }

                guard.SkipHeartbeat();
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client disconnected. The generation continues.
        }
    }

    /// <summary>
    /// Waits for the model to refuse before it sends content; null once it has sent content, or after <paramref name="timeout"/>.
    /// </summary>
    public async Task<GenerationError?> RefusalAsync(GenerationId id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        using var reader = runner.Follow(id, 0, cancellationToken);
        using var timer = time.CreateTimer(static reader => ((LogReader)reader!).Wake(), reader, timeout, TimeSpan.FromMilliseconds(20));
        while (true)
        {
            if (reader.TryRead(out var slice))
            {
                return slice.Bytes.Length == 1 ? slice.Ended?.Error : null;
            }

            if (reader.State != LogReaderState.Following || time.GetElapsedTime(since) >= timeout)
            {
                return null;
            }

            await reader.WaitAsync();
        }
    }

    private static void WriteHeaders(HttpResponse response, WireFormat format)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = format.ContentType;
        foreach (var (name, value) in format.Headers)
        {
            response.Headers[name] = value;
        }
    }
}
