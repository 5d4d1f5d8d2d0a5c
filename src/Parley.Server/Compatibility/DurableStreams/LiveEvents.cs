using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Options;
using Parley.Server.Http.Streaming;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.DurableStreams;

/// <summary>
/// Follows a stream as Server-Sent Events: each batch of data is followed by a control event with the next offset. The connection ends
/// after <see cref="StreamOptions.DurableConnection"/>, and the client reconnects with that offset; only <c>streamClosed</c> means that the
/// stream is complete.
/// </summary>
public sealed class LiveEvents(
    GenerationRunner runner,
    IOptions<StreamOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time
)
{
    public async Task<IResult> WriteAsync(HttpContext http, DurableRead at)
    {
        using var reader = runner.Follow(at.Generation.Id, at.Position, http.RequestAborted);
        using var timeouts = new StreamTimeouts(http, options.Value, time, reader.Wake, lifetime.ApplicationStopping);
        using var timer = time.CreateTimer(
            static reader => ((LogReader)reader!).Wake(),
            reader,
            options.Value.DurableConnection,
            TimeSpan.FromMilliseconds(100)
        );
        return await EventStreamResponse.RunAsync(http, timeouts, output => FollowAsync(at, reader, timeouts, output));
    }

    private async Task<StreamEnd> FollowAsync(DurableRead at, LogReader reader, StreamTimeouts timeouts, PipeWriter output)
    {
        var since = time.GetTimestamp();
        var cursor = DurableOffsets.Cursor(time.GetUtcNow(), at.Cursor, Random.Shared.Next(DurableOffsets.MaxJitter));
        var hasControl = false;
        while (true)
        {
            var more = reader.TryRead(out var slice);
            while (more)
            {
                var current = slice;
                more = reader.TryRead(out slice);
                WriteData(at.IsText, current, output);
                DurableEntries.WriteControlEvent(current.To, cursor, upToDate: !more, closed: false, output);
                hasControl = true;
                if (!await timeouts.FlushAsync())
                {
                    return StreamEnd.Complete;
                }
            }

            if (reader.State == LogReaderState.Ended)
            {
                // In an event of its own: @durable-streams/client 0.2.7 reads one event ahead, and bodyStream and textStream stop at the
                // batch they are at once streamClosed has been read, so data with streamClosed can be lost.
                DurableEntries.WriteControlEvent(reader.Position, cursor, upToDate: true, closed: true, output);
                await timeouts.FlushAsync();
                return StreamEnd.Complete;
            }

            if (reader.State == LogReaderState.Lost || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return StreamEnd.Interrupted;
            }

            if (time.GetElapsedTime(since) >= options.Value.DurableConnection)
            {
                return StreamEnd.Complete;
            }

            if (!hasControl && at.IsAtOpenTail)
            {
                DurableEntries.WriteControlEvent(reader.Position, cursor, upToDate: true, closed: false, output);
                hasControl = true;
                if (!await timeouts.FlushAsync())
                {
                    return StreamEnd.Complete;
                }

                continue;
            }

            if (!await reader.WaitAsync() && !await timeouts.HeartbeatAsync())
            {
                return StreamEnd.Complete;
            }
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
