using System.Buffers;
using System.IO.Pipelines;
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

/// <summary><c>GET /api/v1/feed</c>: streams the changes to an owner's conversations.</summary>
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
            return Problems.Of(
                StatusCodes.Status401Unauthorized,
                ErrorCodes.NoIdentity,
                "The feed needs an identity. GET /api/v1/me issues one."
            );
        }

        using var subscription = feed.Subscribe(user.Owner);
        using var timeouts = new StreamTimeouts(http, options.Value, time, static () => { }, CancellationToken.None);
        return await EventStreamResponse.RunAsync(http, timeouts, FollowAsync);

        async Task<StreamEnd> FollowAsync(PipeWriter output)
        {
            Write(output, new { type = "hello" });
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
            try
            {
                while (await timeouts.FlushAsync())
                {
                    var changed = subscription.Changed.WaitToReadAsync(ending.Token).AsTask();
                    while (!await IsDoneWithinAsync(options.Value.Heartbeat, changed, time))
                    {
                        if (!await timeouts.HeartbeatAsync())
                        {
                            return StreamEnd.Complete;
                        }
                    }

                    await WriteChangesAsync(output, user, subscription, database, http.RequestAborted);
                }

                return StreamEnd.Complete;
            }
            catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return StreamEnd.Interrupted;
            }
        }
    }

    private static async ValueTask<bool> IsDoneWithinAsync(TimeSpan limit, Task task, TimeProvider time)
    {
        try
        {
            await task.WaitAsync(limit, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task WriteChangesAsync(
        PipeWriter output,
        CurrentUser user,
        ChangeFeed.Subscription subscription,
        IDatabase database,
        CancellationToken cancellationToken
    )
    {
        HashSet<string> ids = [];
        while (subscription.Changed.TryRead(out var id))
        {
            ids.Add(id);
        }

        if (subscription.TakeOverflow())
        {
            Write(output, new { type = "hello" });
            return;
        }

        await using var db = await database.OpenContextAsync(user.Owner, cancellationToken);
        var rows = await db
            .Conversations.AsNoTracking()
            .Where(row => ids.Contains(row.Id) && row.Kind == ConversationKind.Chat && row.ArchivedAt == null)
            .ToListAsync(cancellationToken);
        foreach (var view in await ConversationView.OfAsync(db, rows, cancellationToken))
        {
            ids.Remove(view.Id);
            Write(output, new { type = "conversation", conversation = view });
        }

        foreach (var id in ids)
        {
            Write(output, new { type = "conversation-deleted", id });
        }
    }

    private static void Write<T>(PipeWriter output, T value)
    {
        output.Write("data: "u8);
        output.Write(JsonSerializer.SerializeToUtf8Bytes(value, ApiJson.Options));
        output.Write("\n\n"u8);
    }
}
