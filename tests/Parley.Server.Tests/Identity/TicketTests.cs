using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Identity;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Identity;

/// <summary>A ticket is a credential for one stream and a limited time.</summary>
public sealed class TicketTests(ParleyServer server)
{
    private const string Two = "#script tokens=2 delay=0";

    [Fact]
    public async Task Ticket_OpensItsStreamForOneWhoHasNothingElse()
    {
        using var ana = server.NewUser();
        using var page = server.NewUser();
        var session = await SessionAsync(ana);
        var ticket = await ana.JsonAsync("POST", "/api/chat/ticket", new { sessionId = session });
        Assert.Equal(60, ticket.GetProperty("expiresIn").GetInt32());
        var url = $"/chat/stream?sessionId={session}&ticket={ticket.GetProperty("ticket").GetString()}";
        await using var stream = await page.StreamAsync("GET", url);
        await stream.ToEndAsync();

        // A reconnect repeats its URL.
        await using var again = await page.StreamAsync("GET", url, null, ("Last-Event-ID", stream.Events[1].Id));
        Assert.Equal(stream.Text, EventStream.TextOf(stream.Events.Take(2)) + (await again.ToEndAsync()).Text);
        Assert.False(stream.Response.Headers.Contains("Set-Cookie"));

        var forEvents = (await ana.JsonAsync("POST", $"/api/v1/generations/{stream.GenerationId}/ticket"))
            .GetProperty("ticket")
            .GetString();
        foreach (var path in new[] { "events", "stream?offset=-1&live=sse", "stream/text?offset=-1" })
        {
            using var followed = await page.SendAsync(
                "GET",
                $"/api/v1/generations/{stream.GenerationId}/{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}ticket={forEvents}"
            );
            Assert.Equal(200, (int)followed.StatusCode);
        }
    }

    [Fact]
    public async Task Ticket_IsForOneThingAlone()
    {
        using var ana = server.NewUser();
        using var page = server.NewUser();
        var (session, other) = (await SessionAsync(ana), await SessionAsync(ana));
        var (answer, another) = (await ana.AnsweredAsync(Two), await ana.AnsweredAsync(Two));
        var forSession = await TicketAsync(ana, session);
        var forAnswer = (await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/ticket"))
            .GetProperty("ticket")
            .GetString()!;

        await AssertRefusedAsync(page, other, forSession);
        await AssertRefusedAsync(page, session, forAnswer);
        await page.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{another.GenerationId}/events?ticket={forAnswer}");
        await page.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{answer.GenerationId}/events?ticket={forSession}");
        foreach (var (method, path) in new[] { ("GET", ""), ("POST", "/stop"), ("POST", "/ticket"), ("POST", "/retry") })
        {
            await page.RefusedAsync(404, "not_found", method, $"/api/v1/generations/{answer.GenerationId}{path}?ticket={forAnswer}");
        }

        Assert.NotEqual(await ana.IdAsync(), (await page.GetAsync($"/api/v1/me?ticket={forAnswer}")).GetProperty("id").GetString());
        await using var events = await page.StreamAsync("GET", $"/api/v1/generations/{answer.GenerationId}/events?ticket={forAnswer}");
        Assert.Equal(answer.Text, (await events.ToEndAsync()).Text);
    }

    [Fact]
    public async Task Ticket_AfterAMinute_HasExpired()
    {
        using var ana = server.NewUser();
        using var page = server.NewUser();
        var session = await SessionAsync(ana);
        var user = new CurrentUser(CurrentUser.PersonalTenant, await ana.IdAsync());
        string Made(TimeSpan ago) =>
            new Tickets(server.Services.GetRequiredService<IDataProtectionProvider>(), new Earlier(ago)).Create(
                user,
                Tickets.ForSession(session)
            );
        await AssertRefusedAsync(page, session, Made(TimeSpan.FromSeconds(61)));
        await using var stream = await page.StreamAsync("GET", $"/chat/stream?sessionId={session}&ticket={Made(TimeSpan.FromSeconds(30))}");
        Assert.Equal("done", (await stream.ToEndAsync()).Events[^1].Type);
    }

    [Fact]
    public async Task Ticket_TamperedWith_IsAsNone()
    {
        using var ana = server.NewUser();
        using var page = server.NewUser();
        var session = await SessionAsync(ana);
        var good = await TicketAsync(ana, session);
        await using var elsewhere = await ParleyServer.StartAsync();
        var user = new CurrentUser(CurrentUser.PersonalTenant, await ana.IdAsync());
        List<string> forged =
        [
            "x",
            "null",
            "e30",
            "%00",
            "%ff%fe",
            good[..^1],
            good[1..],
            good + "A",
            good + good,
            good.ToLowerInvariant(),
            new string('A', 7000),
            elsewhere.Services.GetRequiredService<Tickets>().Create(user, Tickets.ForSession(session)),
            // Signed by this server for another purpose: the identity in a cookie is not a ticket.
            server.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("something else").Protect("{}"),
            ana.Cookies.GetCookies(server.Address)["parley.id"]!.Value,
        ];
        forged.AddRange(
            Enumerable
                .Range(0, 24)
                .Select(i => i * (good.Length - 4) / 23)
                .Select(at => good[..at] + (good[at] == 'A' ? 'B' : 'A') + good[(at + 1)..])
        );
        foreach (var ticket in forged.Where(ticket => ticket != good))
        {
            await AssertRefusedAsync(page, session, ticket);
        }

        await AssertRefusedAsync(page, session, $"{good}&ticket={good}");
        Assert.DoesNotContain(server.Errors, error => error.Contains("unhandled exception", StringComparison.OrdinalIgnoreCase));
        await using var stream = await page.StreamAsync("GET", $"/chat/stream?sessionId={session}&ticket={good}");
        Assert.Equal("done", (await stream.ToEndAsync()).Events[^1].Type);
    }

    [Fact]
    public async Task Ticket_SaysNothingOfItsOwner()
    {
        using var ana = server.NewUser();
        var session = await SessionAsync(ana);
        var ticket = await TicketAsync(ana, session);
        var bytes = Convert.FromBase64String(ticket.Replace('-', '+').Replace('_', '/').PadRight((ticket.Length + 3) / 4 * 4, '='));
        var text = System.Text.Encoding.Latin1.GetString(bytes);
        foreach (var secret in new[] { session, await ana.IdAsync(), "personal" })
        {
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
        }
    }

    private static async Task<string> SessionAsync(TestUser user) =>
        (await user.JsonAsync("POST", "/chat/start", new { modelId = "scripted", prompt = Two }, 201))
            .GetProperty("sessionId")
            .GetString()!;

    private static async Task<string> TicketAsync(TestUser user, string session) =>
        (await user.JsonAsync("POST", "/chat/ticket", new { sessionId = session })).GetProperty("ticket").GetString()!;

    private static async Task AssertRefusedAsync(TestUser user, string session, string ticket)
    {
        await using var stream = await user.StreamAsync("GET", $"/chat/stream?sessionId={session}&ticket={ticket}");
        Assert.Equal("error", Assert.Single((await stream.ToEndAsync()).Events).Type);
    }

    /// <summary>A clock that is behind by a fixed time.</summary>
    private sealed class Earlier(TimeSpan ago) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() - ago;
    }
}
