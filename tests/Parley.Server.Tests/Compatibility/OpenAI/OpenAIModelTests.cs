using System.Net;
using Parley.Server.Tests.Hosting;
using static Parley.Server.Tests.Compatibility.OpenAI.OpenAIRequests;

namespace Parley.Server.Tests.Compatibility.OpenAI;

/// <summary><c>/v1/models</c>.</summary>
public sealed class OpenAIModelTests(ParleyServer server)
{
    [Fact]
    public async Task Models_AreListed_AndEachIsFoundByItsId()
    {
        using var ana = server.NewUser();
        var list = await ana.GetAsync("/v1/models");
        Assert.Equal("list", list.Text("object"));
        var models = list.GetProperty("data").EnumerateArray().ToList();
        var ids = models.Select(model => model.Text("id")).ToList();
        Assert.Equal(ids.Distinct(), ids);
        Assert.Equal("auto", ids[0]);
        Assert.Contains("demo/scripted", ids);
        Assert.Contains("scripted", ids); // its short name is unambiguous
        foreach (var model in models)
        {
            Assert.Equal(["id", "object", "created", "owned_by"], model.EnumerateObject().Select(member => member.Name));
            Assert.Equal(("model", "demo"), (model.Text("object"), model.Text("owned_by")));
            Assert.Equal(model.GetRawText(), (await ana.GetAsync($"/v1/models/{model.Text("id")}")).GetRawText());
        }
    }

    [Fact]
    public async Task Model_IsFoundWithItsSlashEscapedOrNot()
    {
        using var ana = server.NewUser();
        Assert.Equal("demo/scripted", (await ana.GetAsync("/v1/models/demo/scripted")).Text("id"));
        Assert.Equal("demo/scripted", (await ana.GetAsync("/v1/models/demo%2Fscripted")).Text("id"));
    }

    [Theory]
    [InlineData("no/model")]
    [InlineData("none")]
    [InlineData("demo/")]
    [InlineData("demo/scripted/x")]
    public async Task Model_ThatIsUnknown_IsNotFound(string id)
    {
        using var ana = server.NewUser();
        var (response, error) = await ana.FailAsync(HttpStatusCode.NotFound, "GET", $"/v1/models/{id}");
        response.Dispose();
        Assert.Equal(("model_not_found", "invalid_request_error", "model"), (error.Text("code"), error.Text("type"), error.Text("param")));
    }

    [Fact]
    public async Task ShortName_ThatTwoProvidersHave_IsListedOnce()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "Yes.");
        await using var own = await ParleyServer.StartAsync([
            .. upstream.Settings,
            ("Providers:up:Models:1", "scripted"),
            ("Models:Aliases:fast", "up/m"),
        ]);
        using var ana = own.NewUser();
        var models = (await ana.GetAsync("/v1/models")).GetProperty("data").EnumerateArray().ToList();
        Assert.Contains(models, model => (model.Text("id"), model.Text("owned_by")) == ("up/scripted", "up"));
        Assert.Contains(models, model => (model.Text("id"), model.Text("owned_by")) == ("demo/scripted", "demo"));
        Assert.InRange(models.Count(model => model.Text("id") == "scripted"), 0, 1);
        Assert.Contains(models, model => (model.Text("id"), model.Text("owned_by")) == ("m", "up"));
        Assert.Contains(models, model => (model.Text("id"), model.Text("owned_by")) == ("fast", "up"));

        // A name that is listed can be asked.
        var completion = await ana.JsonAsync("POST", Completions, """{"model":"fast","messages":[{"role":"user","content":"Hello"}]}""");
        Assert.Equal(("fast", "Yes."), (completion.Text("model"), completion.Content()));
    }
}
