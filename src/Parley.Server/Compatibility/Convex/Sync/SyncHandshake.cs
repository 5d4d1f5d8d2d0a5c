using Microsoft.Extensions.Options;
using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary><c>GET /api/{version}/sync</c>: the WebSocket of Convex clients, in any version of them that sends and reads JSON.</summary>
public sealed partial class SyncHandshake(
    ConvexFunctions functions,
    ChangeFeed feed,
    IOptions<StreamOptions> options,
    IOptions<IdentityOptions> identity,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<SyncHandshake> logger
)
{
    internal async Task AnswerAsync(HttpContext http)
    {
        if (!http.WebSockets.IsWebSocketRequest)
        {
            http.Response.Headers.Upgrade = "websocket";
            await Problems.WriteAsync(
                http,
                StatusCodes.Status426UpgradeRequired,
                ErrorCodes.WebSocketRequired,
                "This route needs a WebSocket handshake."
            );
            return;
        }

        // A browser asks no one before it opens a socket to another site, and sends this one's cookie along.
        if (!IsSameOrigin(http) && !CorsSetup.IsAllowed(http))
        {
            await Problems.WriteAsync(
                http,
                StatusCodes.Status403Forbidden,
                ErrorCodes.CrossSite,
                "The request was sent by a page of another site."
            );
            return;
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var (beat, deadline) = (options.Value.Heartbeat, options.Value.WriteDeadline);
        using var socket = await http.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { KeepAliveInterval = beat, KeepAliveTimeout = deadline }
        );
        var leaving = lifetime.ApplicationStopping;
        await using var session = new SyncSession(
            new SyncSocket(socket, deadline, time, leaving),
            user,
            functions,
            feed,
            identity.Value,
            beat,
            time,
            logger
        );
        try
        {
            await session.RunAsync(http.RequestAborted, leaving);
        }
        catch (Exception error) when (error is System.Net.WebSockets.WebSocketException or IOException or OperationCanceledException)
        {
            LogGone(error);
        }
    }

    private static bool IsSameOrigin(HttpContext http) =>
        http.Request.Headers.Origin switch
        {
            { Count: 0 } => true,
            [{ } origin] => Uri.TryCreate(origin, UriKind.Absolute, out var page)
                && page.Authority.Equals(http.Request.Host.Value, StringComparison.OrdinalIgnoreCase),
            _ => false,
        };

    [LoggerMessage(Level = LogLevel.Debug, Message = "A sync connection was interrupted.")]
    private partial void LogGone(Exception error);
}
