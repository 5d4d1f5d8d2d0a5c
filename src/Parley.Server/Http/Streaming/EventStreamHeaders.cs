namespace Parley.Server.Http.Streaming;

/// <summary>What makes proxies pass a stream on as it comes.</summary>
internal static class EventStreamHeaders
{
    public static void Write(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache, no-transform";
        response.Headers["X-Accel-Buffering"] = "no";
    }
}
