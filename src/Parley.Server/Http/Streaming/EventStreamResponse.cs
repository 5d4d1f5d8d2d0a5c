using System.IO.Pipelines;

namespace Parley.Server.Http.Streaming;

/// <summary>How the loop of an event stream ended.</summary>
internal enum StreamEnd
{
    /// <summary>The stream is complete, or its client is gone.</summary>
    Complete,

    /// <summary>The stream is incomplete: the connection is aborted, and the client comes back.</summary>
    Interrupted,
}

/// <summary>What all event streams share besides their loop: the headers, and the end.</summary>
internal static class EventStreamResponse
{
    /// <summary>Writes the headers, runs the loop, and ends the response.</summary>
    public static async Task<IResult> RunAsync(HttpContext http, StreamTimeouts timeouts, Func<PipeWriter, Task<StreamEnd>> loop)
    {
        EventStreamHeaders.Write(http.Response);
        try
        {
            if (await loop(http.Response.BodyWriter) == StreamEnd.Interrupted)
            {
                await timeouts.AbortAsync();
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client disconnected.
        }

        return Results.Empty;
    }
}
