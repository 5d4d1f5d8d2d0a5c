using Microsoft.Extensions.Options;
using Parley.Server.Http.Streaming;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.DurableStreams;

/// <summary>Responds as soon as there is data after an offset, or with 204 after <see cref="StreamOptions.LongPoll"/>.</summary>
public sealed class LongPoll(
    GenerationRunner runner,
    IGenerationStore store,
    IOptions<StreamOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time
)
{
    public async Task<IResult> AnswerAsync(HttpContext http, DurableRead at)
    {
        var (slice, ended) = await WaitAsync(at, http.RequestAborted);
        var to = at.Position + slice.Bytes.Length;
        var closed = ended || slice.Ended is not null;
        var record = closed ? null : await store.FindAsync(at.Generation.Id, http.RequestAborted);
        CatchUp.WriteHeaders(http, at.IsText, to, closed || record is null || to >= record.End, closed);
        http.Response.Headers.CacheControl = "no-store";
        if (!closed)
        {
            http.Response.Headers[DurableStreamReads.Cursor] = DurableOffsets.FormatCursor(
                DurableOffsets.Cursor(time.GetUtcNow(), at.Cursor, Random.Shared.Next(DurableOffsets.MaxJitter))
            );
        }

        if (slice.Bytes.Length > 0)
        {
            return CatchUp.Body(http, at.IsText, slice);
        }

        http.Response.ContentType = null;
        return Results.NoContent();
    }

    private async Task<(LogSlice Slice, bool Ended)> WaitAsync(DurableRead at, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        using var reader = runner.Follow(at.Generation.Id, at.Position, cancellationToken);
        using var timer = time.CreateTimer(
            static reader => ((LogReader)reader!).Wake(),
            reader,
            options.Value.LongPoll,
            TimeSpan.FromMilliseconds(100)
        );
        using var stopping = lifetime.ApplicationStopping.UnsafeRegister(static reader => ((LogReader)reader!).Wake(), reader);
        while (true)
        {
            if (reader.TryRead(out var slice))
            {
                return (slice, false);
            }

            if (reader.State != LogReaderState.Following)
            {
                return (default, reader.State == LogReaderState.Ended);
            }

            if (time.GetElapsedTime(since) >= options.Value.LongPoll || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return (default, false);
            }

            await reader.WaitAsync();
        }
    }
}
