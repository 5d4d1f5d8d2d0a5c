using System.Buffers;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Feed;

/// <summary><c>GET /api/v1/feed</c>: tells an owner's clients which conversations changed.</summary>
public static class FollowFeed
{
    private static readonly EventSchema Events = new(
        "FeedEvent",
        """
        {
          "type": "object", "required": ["type"],
          "oneOf": [
            { "title": "hello", "properties": { "type": { "const": "hello" } } },
            { "title": "conversation", "required": ["type", "conversation"], "properties": { "type": { "const": "conversation" }, "conversation": { "$ref": "#/components/schemas/Conversation" } } },
            { "title": "conversation-deleted", "required": ["type", "id"], "properties": { "type": { "const": "conversation-deleted" }, "id": { "type": "string" } } }
          ]
        }
        """
    );

    public static void MapFeed(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/feed", Handle)
            .WithTag("Feed", "Changes to the caller's conversations, as they happen.")
            .WithName("followFeed")
            .WithSummary("Streams the changes to the caller's conversations.")
            .WithDescription("Events of the types `hello`, `conversation` and `conversation-deleted`. The stream does not end.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .ProducesText("Changes, as they happen.", Media.Events)
            .ProducesEvents(Events)
            .ProducesError(401, ErrorCodes.NoIdentity);

    private static async Task<IResult> Handle(
        HttpContext http,
        ChangeFeed feed,
        IDatabase database,
        IOptions<StreamOptions> options,
        IHostApplicationLifetime lifetime,
        TimeProvider time
    )
    {
        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.Of(StatusCodes.Status401Unauthorized, "no_identity", "GET /api/v1/me gives you an identity.");
        }

        EventStreamHeaders.Write(http.Response);
        using var subscription = feed.Subscribe(user.Owner);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        using var guard = new StreamTimeouts(http, options.Value, time, static () => { }, CancellationToken.None);
        try
        {
            Write(http, new { type = "hello" });
            if (!await guard.FlushAsync())
            {
                return Results.Empty;
            }

            while (true)
            {
                if (!await WaitAsync(subscription, options.Value.Heartbeat, time, silence.Token))
                {
                    http.Response.BodyWriter.Write(": hb\n\n"u8);
                }
                else
                {
                    await WriteChangesAsync(http, user, subscription, database);
                }

                if (!await guard.FlushAsync())
                {
                    return Results.Empty;
                }
            }
        }
        catch (OperationCanceledException)
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested)
            {
                await guard.AbortAsync();
            }

            return Results.Empty;
        }
    }

    /// <summary>False when nothing came in <paramref name="heartbeat"/>.</summary>
    private static async ValueTask<bool> WaitAsync(
        ChangeFeed.Subscription subscription,
        TimeSpan heartbeat,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await subscription.Changed.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(heartbeat, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task WriteChangesAsync(
        HttpContext http,
        CurrentUser user,
        ChangeFeed.Subscription subscription,
        IDatabase database
    )
    {
        HashSet<string> ids = [];
        while (subscription.Changed.TryRead(out var id))
        {
            ids.Add(id);
        }

        if (subscription.TakeOverflow())
        {
            Write(http, new { type = "hello" });
            return;
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        var rows = await db
            .Conversations.AsNoTracking()
            .Where(row => ids.Contains(row.Id) && row.Kind == ConversationKind.Chat && row.ArchivedAt == null)
            .ToListAsync(http.RequestAborted);
        foreach (var view in await ConversationView.OfAsync(db, rows, http.RequestAborted))
        {
            ids.Remove(view.Id);
            Write(http, new { type = "conversation", conversation = view });
        }

        foreach (var id in ids)
        {
            Write(http, new { type = "conversation-deleted", id });
        }
    }

    private static void Write<T>(HttpContext http, T value)
    {
        var body = http.Response.BodyWriter;
        body.Write("data: "u8);
        body.Write(JsonSerializer.SerializeToUtf8Bytes(value, ApiJson.Options));
        body.Write("\n\n"u8);
    }
}
