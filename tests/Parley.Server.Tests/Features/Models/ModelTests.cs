using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Models;

/// <summary><c>GET /api/v1/models</c>.</summary>
public sealed class ModelTests(ParleyServer server)
{
    [Fact]
    public async Task List_NothingConfigured_HasTheBuiltInOnesAndTheirDefault()
    {
        using var ana = server.NewUser();
        var models = await ana.GetAsync("/api/v1/models");
        Assert.Equal("demo/parley", models.GetProperty("default").GetString());
        Assert.Equal(
            ["demo/parley", "demo/scripted"],
            models.GetProperty("items").EnumerateArray().Select(model => model.GetProperty("id").GetString())
        );
        Assert.Equal(
            [true, false],
            models.GetProperty("items").EnumerateArray().Select(model => model.GetProperty("isDefault").GetBoolean())
        );
        Assert.All(models.GetProperty("items").EnumerateArray(), model => Assert.Equal("demo", model.GetProperty("provider").GetString()));
    }

    [Fact]
    public async Task List_WithAProvider_HasItsModelFirstAndNoKey()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "ok");
        await using var own = await ParleyServer.StartAsync([.. upstream.Settings, ("Providers:up:ApiKey", "canary-key")]);
        using var ana = own.NewUser();
        var models = await ana.GetAsync("/api/v1/models");
        Assert.Equal(
            ("up/m", "up/m"),
            (models.GetProperty("default").GetString(), models.GetProperty("items")[0].GetProperty("id").GetString())
        );
        Assert.DoesNotContain("canary-key", models.ToString(), StringComparison.Ordinal);
        Assert.Equal("ok", (await ana.AnsweredAsync("x", model: null)).Text);
    }

    [Fact]
    public async Task List_NeedsNoIdentityAndGivesNone()
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync("GET", "/api/v1/models");
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }
}
