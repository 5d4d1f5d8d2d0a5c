using Microsoft.Extensions.Options;
using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary><c>GET /api/{version}/sync</c>: the WebSocket of Convex clients, of any version that uses JSON.</summary>
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

        // A browser opens a socket to another site without a CORS check, and sends that site's cookies.
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
        var (heartbeat, deadline) = (options.Value.Heartbeat, options.Value.WriteDeadline);
        using var socket = await http.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { KeepAliveInterval = heartbeat, KeepAliveTimeout = deadline }
        );
        var stopping = lifetime.ApplicationStopping;
        await using var session = new SyncSession(
            new SyncSocket(socket, deadline, time, stopping),
            user,
            functions,
            feed,
            identity.Value,
            heartbeat,
            time,
            logger
        );
        try
        {
            await session.RunAsync(http.RequestAborted, stopping);
        }
        catch (Exception exception)
            when (exception is System.Net.WebSockets.WebSocketException or IOException or OperationCanceledException)
        {
            LogInterrupted(exception);
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
    private partial void LogInterrupted(Exception exception);
}
