using System.Buffers;
using Microsoft.Extensions.Options;
using Parley.Server.Http.Streaming;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.DurableStreams;

/// <summary>
/// A stream live, as Server-Sent Events: each batch of data is followed by an event that says where the reader is then. After a minute the connection ends, and the reader comes back from there; only
/// <c>streamClosed</c> means that there is no more.
/// </summary>
public sealed class LiveEvents(
    GenerationRunner runner,
    IOptions<StreamOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time
)
{
    public async Task<IResult> WriteAsync(HttpContext http, StreamPlace at)
    {
        EventStreamHeaders.Write(http.Response);
        var body = http.Response.BodyWriter;
        var since = time.GetTimestamp();
        var cursor = DurableOffsets.Cursor(time.GetUtcNow(), at.Cursor, Random.Shared.Next(DurableOffsets.MaxJitter));
        using var reader = runner.Follow(at.Answer.Id, at.Position, http.RequestAborted);
        using var guard = new StreamTimeouts(http, options.Value, time, reader.Wake, lifetime.ApplicationStopping);
        using var timer = time.CreateTimer(
            static reader => ((LogReader)reader!).Wake(),
            reader,
            options.Value.DurableConnection,
            TimeSpan.FromMilliseconds(100)
        );
        var said = false;
        try
        {
            while (true)
            {
                var more = reader.TryRead(out var slice);
                while (more)
                {
                    var current = slice;
                    more = reader.TryRead(out slice);
                    WriteData(at.IsText, current, body);
                    DurableEntries.WriteControlEvent(current.To, cursor, upToDate: !more, closed: current.Ended is not null, body);
                    said = true;
                    if (!await guard.FlushAsync())
                    {
                        return Results.Empty;
                    }
                }

                if (reader.State == LogReaderState.Ended)
                {
                    // It was at the end before it came.
                    if (!said)
                    {
                        DurableEntries.WriteControlEvent(reader.Position, cursor, upToDate: true, closed: true, body);
                    }

                    await guard.FlushAsync();
                    return Results.Empty;
                }

                if (reader.State == LogReaderState.Lost || lifetime.ApplicationStopping.IsCancellationRequested)
                {
                    await guard.AbortAsync();
                    return Results.Empty;
                }

                if (time.GetElapsedTime(since) >= options.Value.DurableConnection)
                {
                    return Results.Empty;
                }

                if (!said && at.IsAtOpenTail)
                {
                    DurableEntries.WriteControlEvent(reader.Position, cursor, upToDate: true, closed: false, body);
                    said = true;
                    if (!await guard.FlushAsync())
                    {
                        return Results.Empty;
                    }

                    continue;
                }

                if (await reader.WaitAsync() || !guard.IsSilent)
                {
                    continue;
                }

                body.Write(": hb\n\n"u8);
                if (!await guard.FlushAsync())
                {
                    return Results.Empty;
                }
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return Results.Empty;
        }
    }

    private static void WriteData(bool isText, in LogSlice slice, IBufferWriter<byte> output)
    {
        if (isText)
        {
            DurableEntries.WriteTextEvent(slice, output);
        }
        else
        {
            DurableEntries.WriteDataEvent(slice, output);
        }
    }
}
