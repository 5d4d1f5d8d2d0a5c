using System.Buffers;
using Microsoft.Extensions.Options;
using Parley.Server.Http;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Answers;

/// <summary>Follows a generation and writes it in Parley's own format. Whoever asked is only the first reader.</summary>
public sealed class AnswerEvents(GenerationRunner runner, IOptions<StreamOptions> options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <param name="http">The request; its answer has not begun.</param>
    /// <param name="id">The generation.</param>
    /// <param name="start">What to say first, for a reader without a cursor.</param>
    /// <param name="after">The reader's cursor.</param>
    public async Task WriteAsync(HttpContext http, GenerationId id, GenerationInfo? start, long after)
    {
        EventStreamHeaders.Write(http.Response);
        var body = http.Response.BodyWriter;
        var leaving = lifetime.ApplicationStopping;
        using var reader = runner.Follow(id, after, http.RequestAborted);
        using var guard = new StreamGuard(http, options.Value, time, reader.Nudge, leaving);
        try
        {
            if (start is not null) NativeEvents.WriteStart(start, body);
            else body.Write(NativeEvents.Heartbeat);
            if (!await guard.FlushAsync()) return;
            while (true)
            {
                while (reader.TryRead(out var slice))
                {
                    NativeEvents.Write(slice, body);
                    if (!await guard.FlushAsync()) return;
                }

                if (reader.State == LogReaderState.Ended) return;
                if (reader.State == LogReaderState.Lost || leaving.IsCancellationRequested)
                {
                    await guard.AbortAsync();
                    return;
                }

                if (await reader.WaitAsync() || !guard.IsSilent) continue;
                body.Write(NativeEvents.Heartbeat);
                if (!await guard.FlushAsync()) return;
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The reader left. The generation goes on.
        }
    }
}
