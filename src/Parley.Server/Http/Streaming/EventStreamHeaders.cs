using Parley.Streaming.WireFormats;

namespace Parley.Server.Http.Streaming;

/// <summary>The headers of event streams. They keep proxies from buffering.</summary>
internal static class EventStreamHeaders
{
    public static void Write(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = ServerSentEvents.ContentType;
        foreach (var (name, value) in ServerSentEvents.Headers)
        {
            response.Headers[name] = value;
        }
    }
}
