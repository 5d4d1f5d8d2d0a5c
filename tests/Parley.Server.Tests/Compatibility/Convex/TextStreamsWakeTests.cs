using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Compatibility.Convex;
using Parley.Server.Data;
using Parley.Server.Generations;
using Parley.Server.Identity;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.Convex;

/// <summary>A waiter may read at once, on the thread that signals it, so any later change must signal it again.</summary>
public sealed class TextStreamsWakeTests
{
    private static readonly Owner Ana = new("personal", "ana");

    [Fact]
    public async Task ChangeSubscription_TakenInsideTheWake_IsWokenAgain()
    {
        var feed = new ChangeFeed();
        var seen = Channel.CreateUnbounded<string?>();
        ChangeSubscription? watch = null;
        watch = new ChangeSubscription(feed, Ana, () => watch!.Take(id => seen.Writer.TryWrite(id)));
        await using (watch)
        {
            for (var i = 0; i < 50; i++)
            {
                feed.Changed(Ana, $"{i}");
                Assert.Equal(
                    $"{i}",
                    await seen
                        .Reader.ReadAsync(TestContext.Current.CancellationToken)
                        .AsTask()
                        .WaitAsync(TestUser.Timeout, TestContext.Current.CancellationToken)
                );
            }
        }

        Assert.False(feed.HasSubscribers);
    }

    [Fact]
    public async Task ChangeSubscription_MoreThanTheFeedHolds_SaysThatAnythingMayHaveChanged()
    {
        var feed = new ChangeFeed();
        await using var watch = new ChangeSubscription(feed, Ana, static () => { });
        for (var i = 0; i < 1000; i++)
        {
            feed.Changed(Ana, $"{i}");
        }

        List<string?> seen = [];
        watch.Take(seen.Add);
        Assert.Null(seen[^1]);
        seen.Clear();
        feed.Changed(Ana, "more");
        watch.Take(seen.Add);
        Assert.Equal(["more"], seen);
    }

    [Fact]
    public async Task StreamBodyReader_RefreshedInsideTheWake_IsWokenAgain()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        using var driving = await chat.DriveAsync();
        await model.WhenAskedAsync();

        var texts = Channel.CreateUnbounded<string>();
        StreamBodyReader? follower = null;
        var isFollowing = false;
        follower = own
            .Services.GetRequiredService<StreamBodies>()
            .Follow(new CurrentUser(CurrentUser.PersonalTenant, await ana.IdAsync()), chat.StreamId, () =>
            {
                if (Volatile.Read(ref isFollowing))
                {
                    _ = LookAsync();
                }
            });
        async Task LookAsync()
        {
            if (await follower!.RefreshAsync(CancellationToken.None))
            {
                texts.Writer.TryWrite(Encoding.UTF8.GetString(follower.Body!.Value.Text.Span));
            }
        }

        Volatile.Write(ref isFollowing, true);
        await LookAsync();
        Assert.Equal("", await texts.Reader.ReadAsync(TestContext.Current.CancellationToken)); // from nothing to pending
        var said = "";
        for (var i = 0; i < 50; i++)
        {
            model.Say($"{i} ");
            said += $"{i} ";
            Assert.Equal(
                said,
                await texts
                    .Reader.ReadAsync(TestContext.Current.CancellationToken)
                    .AsTask()
                    .WaitAsync(TestUser.Timeout, TestContext.Current.CancellationToken)
            );
        }

        Volatile.Write(ref isFollowing, false);
        await follower.DisposeAsync();
        model.End();
    }

    [Fact]
    public async Task Rows_ManyChangesInARow_NoneIsMissed()
    {
        // With a heartbeat every five minutes nothing else would wake the connection.
        await using var own = await ParleyServer.StartAsync(("Streams:Heartbeat", "00:05:00"));
        using var ana = own.NewUser();
        await ana.IdAsync();
        var chats = new ConcurrentBag<StreamChat>();
        var clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => SyncClient.ConnectedAsync(own, ana)));
        foreach (var client in clients)
        {
            await client.AddAsync("x:listChats", new { limit = 1000 });
        }

        for (var i = 1; i <= 60; i++)
        {
            chats.Add(await StreamChat.CreateAsync(ana, "Hello"));
            foreach (var client in clients)
            {
                await client.UntilAsync(() => client.Results[0].Value!.Value.GetArrayLength() == i);
            }
        }

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }
}
