using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.Convex;

/// <summary><c>GET /chat-stream/body?live=sse</c>: text and status, each time that they change.</summary>
public sealed class TextStreamsBodyTests(ParleyServer server)
{
    [Fact]
    public async Task Live_FromBeforeTheBeginning_SeesTheWholeLife()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        await using var live = await ana.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
        var bodies = new LiveBodies(live);
        Assert.Equal(("", "pending"), await bodies.NextAsync());
        using var driving = await chat.DriveAsync();
        await model.WhenAskedAsync();
        model.Say("Grüße ");
        Assert.Equal(("Grüße ", "streaming"), await bodies.NextAsync());
        model.Say("👩‍💻");
        Assert.Equal(("Grüße 👩‍💻", "streaming"), await bodies.NextAsync());
        model.End();
        Assert.Equal(("Grüße 👩‍💻", "done"), await bodies.NextAsync());
        Assert.Null(await bodies.NextAsync());

        // and a later reader gets it at once
        await using var later = await ana.StreamAsync(
            "GET",
            $"/chat-stream/body?streamId={chat.StreamId}",
            null,
            ("Accept", "text/event-stream")
        );
        var whole = new LiveBodies(later);
        Assert.Equal(("Grüße 👩‍💻", "done"), await whole.NextAsync());
        Assert.Null(await whole.NextAsync());
    }

    [Fact]
    public async Task Live_OnAnotherDevice_JoinsInTheMiddle()
    {
        using var ana = server.NewUser();
        using var phone = ana.OnOtherDevice();
        var chat = await StreamChat.CreateAsync(ana, "#script tokens=60 delay=10");
        using var driving = await chat.DriveAsync();
        await using var text = await driving.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await text.ReadAsync(20);
        await using var live = await phone.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
        var bodies = new LiveBodies(live);
        var first = await bodies.NextAsync();
        Assert.True(first!.Value.Text.Length > 10);
        await bodies.ToEndAsync();
        Assert.Equal(await chat.BodyAsync(), bodies.All[^1]);
        Assert.True(
            bodies
                .All.Zip(bodies.All.Skip(1))
                .All(pair => pair.Second.Text.StartsWith(pair.First.Text, StringComparison.Ordinal) && pair.First != pair.Second)
        );
    }

    [Fact]
    public async Task Live_IsPaced()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "#script tokens=300 delay=10");
        await using var live = await ana.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
        var bodies = new LiveBodies(live);
        await bodies.NextAsync();
        var since = Stopwatch.GetTimestamp();
        using var driving = await chat.DriveAsync();
        await bodies.ToEndAsync();
        var took = Stopwatch.GetElapsedTime(since);
        Assert.InRange(bodies.All.Count, 5, (int)(took.TotalMilliseconds / 50) + 2);
    }

    [Fact]
    public async Task Live_OfALongText_KeepsToItsBytes()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "#script tokens=400 size=1024 delay=5");
        await using var live = await ana.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
        var bodies = new LiveBodies(live);
        await bodies.NextAsync();
        var since = Stopwatch.GetTimestamp();
        using var driving = await chat.DriveAsync();
        await bodies.ToEndAsync();
        var took = Stopwatch.GetElapsedTime(since);
        Assert.Equal((400 * 1024, "done"), (Encoding.UTF8.GetByteCount(bodies.All[^1].Text), bodies.All[^1].Status));
        Assert.True(bodies.All.Count > 5);

        // 512 KiB a second, and the last one whenever it comes.
        Assert.InRange(
            bodies.All.Take(bodies.All.Count - 1).Sum(body => (long)Encoding.UTF8.GetByteCount(body.Text)),
            0,
            (long)(took.TotalSeconds * 512 * 1024) + 512 * 1024
        );
    }

    [Fact]
    public async Task Live_WithoutADriver_TimesOut()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Hello");
        await chat.ExpireAtAsync(server, TimeProvider.System.GetUtcNow().AddMilliseconds(400));
        await using var live = await ana.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
        var bodies = new LiveBodies(live);
        Assert.Equal(("", "pending"), await bodies.NextAsync());
        Assert.Equal(("", "timeout"), await bodies.NextAsync());
        Assert.Null(await bodies.NextAsync());
    }

    [Fact]
    public async Task Live_InSilence_SendsComments()
    {
        await using var own = await ParleyServer.StartAsync(("Streams:Heartbeat", "00:00:01"));
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Hello");
        await using var live = await ana.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
        await live.UntilCommentAsync(2);
        Assert.Equal(["hb", "hb"], live.Comments);
    }

    [Fact]
    public async Task Live_TheServerLeaves_IsCut()
    {
        var own = await ParleyServer.StartAsync();
        await using (own)
        {
            using var ana = own.NewUser();
            var chat = await StreamChat.CreateAsync(ana, "Hello");
            await using var live = await ana.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
            var bodies = new LiveBodies(live);
            await bodies.NextAsync();
            own.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            var cut = await Record.ExceptionAsync(async () =>
            {
                while (await bodies.NextAsync() is not null) { }
            });
            Assert.True(cut is IOException or HttpRequestException, cut?.ToString() ?? "It ended in order.");
        }
    }

    [Theory]
    [InlineData("", 400, "required")]
    [InlineData("?streamId=a&streamId=b", 400, "duplicate_parameter")]
    [InlineData("?streamId=a&live=ws", 400, "invalid_live")]
    [InlineData("?streamId=a", 404, "not_found")]
    public async Task Body_AskedWrongly_IsRefused(string query, int status, string code)
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        await ana.RefusedAsync(status, code, "GET", $"/chat-stream/body{query}");
    }

    [Fact]
    public async Task Body_WithATokenInTheAddress_IsItsOwners()
    {
        // An EventSource can set no header.
        using var program = server.NewUser();
        (string, string) bearer = ("Authorization", "Bearer stream-body-token-0123456789");
        var created = await program.JsonAsync("POST", "/chat-stream/create", new { prompt = "Hello" }, 201, bearer);
        var id = created.GetProperty("streamId").GetString();
        using var response = await program.SendAsync("GET", $"/chat-stream/body?streamId={id}&access_token=stream-body-token-0123456789");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await program.RefusedAsync(404, "not_found", "GET", $"/chat-stream/body?streamId={id}&access_token=another-token-0123456789");
    }
}

/// <summary>The events of a live body: nothing but whole bodies.</summary>
internal sealed class LiveBodies(EventStream events)
{
    private SseReader? _reader;

    public List<(string Text, string Status)> All { get; } = [];

    /// <summary>The next body; null at the end.</summary>
    public async Task<(string Text, string Status)?> NextAsync()
    {
        _reader ??= events.Items;
        using var timeout = new CancellationTokenSource(TestUser.Timeout);
        while (await _reader.NextAsync(timeout.Token) is { } item)
        {
            if (item.Comment is not null)
            {
                continue;
            }

            Assert.Equal(("message", ""), (item.Type, item.LastEventId));
            var json = JsonElement.Parse(item.Data);
            Assert.Equal(["text", "status"], json.EnumerateObject().Select(member => member.Name));
            All.Add((json.GetProperty("text").GetString()!, json.GetProperty("status").GetString()!));
            return All[^1];
        }

        return null;
    }

    public async Task UntilAsync(string text, string status)
    {
        while (await NextAsync() is { } body)
        {
            if (body == (text, status))
            {
                return;
            }
        }

        Assert.Fail($"It ended without {status} '{text}': {string.Join(' ', All)}");
    }

    public async Task ToEndAsync()
    {
        while (await NextAsync() is not null) { }
    }
}
