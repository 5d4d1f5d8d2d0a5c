using System.Net;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Identity;

/// <summary>Each client has an identity, which comes from its credentials alone.</summary>
public sealed class IdentityTests(ParleyServer server)
{
    [Fact]
    public async Task Me_WithoutACookie_GivesOneThatStays()
    {
        using var ana = server.NewUser();
        var me = await ana.GetAsync("/api/v1/me");
        Assert.True(me.GetProperty("anonymous").GetBoolean());
        Assert.True(Guid.TryParseExact(me.GetProperty("id").GetString(), "D", out _));
        Assert.Equal(me.ToString(), (await ana.GetAsync("/api/v1/me")).ToString());
        using var ben = server.NewUser();
        Assert.NotEqual(await ana.IdAsync(), await ben.IdAsync());
    }

    [Fact]
    public async Task Cookie_CannotBeReadByScriptsAndStaysOnTheSite()
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync("POST", "/api/chat", new { message = "#script tokens=1", model = "scripted" });
        var parts = Assert.Single(response.Headers.GetValues("Set-Cookie")).Split("; ");
        Assert.StartsWith("parley.id=", parts[0], StringComparison.Ordinal);
        var attributes = parts[1..].Select(part => part.ToLowerInvariant()).ToList();
        Assert.Contains("httponly", attributes);
        Assert.Contains("samesite=lax", attributes);
        Assert.Contains("path=/", attributes);
        Assert.DoesNotContain(attributes, part => part.StartsWith("domain", StringComparison.Ordinal));
        var expires = DateTimeOffset.Parse(
            attributes.Single(part => part.StartsWith("expires=", StringComparison.Ordinal))[8..],
            System.Globalization.CultureInfo.InvariantCulture
        );
        Assert.InRange(expires - TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(360), TimeSpan.FromDays(366));

        using var again = await ana.SendAsync("GET", "/api/v1/me");
        Assert.False(again.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Cookie_AfterARestart_IsStillGood()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var id = await ana.IdAsync();
        await own.RestartAsync();
        Assert.Equal(id, await ana.IdAsync());
    }

    [Fact]
    public async Task Cookie_ForgedOrGarbage_IsAsNone()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=1 delay=0");
        var good = ana.Cookies.GetCookies(server.Address)["parley.id"]!.Value;
        await using var elsewhere = await ParleyServer.StartAsync();
        using var otherUser = elsewhere.NewUser();
        await otherUser.IdAsync();
        var middle = good.Length / 2;
        string[] forged =
        [
            "",
            "x",
            good[..^1],
            good[1..],
            good[..middle],
            good[..middle] + (good[middle] == 'A' ? 'B' : 'A') + good[(middle + 1)..],
            good + "A",
            good + good,
            good.ToLowerInvariant(),
            new string('A', 8000),
            "chunks-2",
            "chunks-0",
            "chunks--1",
            "chunks-2147483647",
            "chunks-99999999999999",
            "chunks-2; parley.idC1=a; parley.idC2=b",
            "%00",
            "%ff%fe",
            "\"\"",
            await ana.IdAsync(),
            otherUser.Cookies.GetCookies(elsewhere.Address)["parley.id"]!.Value,
        ];
        foreach (var cookie in forged)
        {
            using var client = new TestUser(server, new CookieContainer());
            (string, string) header = ("Cookie", $"parley.id={cookie}");
            var list = await client.JsonAsync("GET", "/api/v1/conversations", null, 200, header);
            Assert.Equal(0, list.GetProperty("total").GetInt32());
            using var other = new TestUser(server, new CookieContainer());
            var me = await other.JsonAsync("GET", "/api/v1/me", null, 200, header);
            Assert.NotEqual(await ana.IdAsync(), me.GetProperty("id").GetString());
            await client.RefusedAsync(404, "not_found", "GET", $"/api/v1/messages/{answer.MessageId}", null, header);
            await client.RefusedAsync(401, "no_identity", "GET", "/api/v1/feed", null, header);
        }

        Assert.DoesNotContain(server.Errors, error => error.Contains("unhandled exception", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("userId")]
    [InlineData("user_id")]
    [InlineData("ownerId")]
    [InlineData("tenantId")]
    public async Task UserInTheBody_IsRefused(string member)
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        var problem = await ben.RefusedAsync(
            400,
            "unknown_member",
            "POST",
            "/api/chat",
            $$"""{"message":"x","{{member}}":"{{await ana.IdAsync()}}"}"""
        );
        Assert.True(problem.GetProperty("errors").TryGetProperty(member, out _));
        await ben.RefusedAsync(400, "unknown_parameter", "GET", $"/api/v1/conversations?{member}={await ana.IdAsync()}");
        Assert.Equal(0, (await ana.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }
}
