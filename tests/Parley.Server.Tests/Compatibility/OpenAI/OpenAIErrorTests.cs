using System.Net;
using System.Text;
using Parley.Server.Tests.Hosting;
using static Parley.Server.Tests.Compatibility.OpenAI.OpenAIRequests;

namespace Parley.Server.Tests.Compatibility.OpenAI;

/// <summary>Errors below <c>/v1</c>: OpenAI's envelope, statuses, types, codes and headers.</summary>
public sealed class OpenAIErrorTests(ParleyServer server)
{
    [Theory]
    [InlineData("{}", "model", "missing_required_parameter")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", "model", "missing_required_parameter")]
    [InlineData("""{"model":"scripted"}""", "messages", "missing_required_parameter")]
    [InlineData("""{"model":5,"messages":[{"role":"user","content":"x"}]}""", "model", "invalid_type")]
    [InlineData("""{"model":"scripted","messages":[]}""", "messages", "empty_array")]
    [InlineData("""{"model":"scripted","messages":"x"}""", "messages", "invalid_type")]
    [InlineData("""{"model":"scripted","messages":[{"role":"king","content":"x"}]}""", "messages[0].role", "invalid_value")]
    [InlineData("""{"model":"scripted","n":2,"messages":[{"role":"user","content":"x"}]}""", "n", "unsupported_value")]
    [InlineData(
        """{"model":"scripted","temperature":3,"messages":[{"role":"user","content":"x"}]}""",
        "temperature",
        "decimal_above_max_value"
    )]
    [InlineData("""{"model":"scripted","stream":"yes","messages":[{"role":"user","content":"x"}]}""", "stream", "invalid_type")]
    public Task CompletionBody_ThatIsInvalid_NamesTheParameter(string body, string param, string code) =>
        NamesAsync(Completions, body, param, code);

    [Theory]
    [InlineData("{}", "model", "missing_required_parameter")]
    [InlineData("""{"model":"scripted"}""", "input", "missing_required_parameter")]
    [InlineData("""{"model":"scripted","input":[]}""", "input", "empty_array")]
    [InlineData("""{"model":"scripted","input":5}""", "input", "invalid_type")]
    [InlineData("""{"model":"scripted","input":"x","conversation":"c"}""", "conversation", "unsupported_parameter")]
    [InlineData("""{"model":"scripted","input":"x","tools":[{"type":"web_search"}]}""", "tools[0].type", "unsupported_value")]
    [InlineData("""{"model":"scripted","input":"x","background":true,"store":false}""", "background", "invalid_value")]
    public Task ResponseBody_ThatIsInvalid_NamesTheParameter(string body, string param, string code) =>
        NamesAsync(Responses, body, param, code);

    [Theory]
    [InlineData(Completions)]
    [InlineData(Responses)]
    public async Task Body_ThatIsNotJson_IsRefusedInTheEnvelope(string path)
    {
        using var ana = server.NewUser();
        foreach (var body in (string[])["{", "[]", "5", "{\"model\":\"scripted\"} x"])
        {
            var (response, error) = await ana.FailAsync(HttpStatusCode.BadRequest, "POST", path, body);
            response.Dispose();
            Assert.Equal("invalid_request_error", error.Text("type"));
            Assert.NotEmpty(error.Text("code"));
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent("model=scripted", Encoding.UTF8, "application/x-www-form-urlencoded"),
        };
        using var form = await ana.SendAsync(request);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        Assert.Contains(
            "\"unsupported_media_type\"",
            await form.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(Completions, """{"model":"no/model","messages":[{"role":"user","content":"x"}]}""")]
    [InlineData(Responses, """{"model":"no/model","input":"x"}""")]
    public async Task Model_ThatIsUnknown_Is404(string path, string body)
    {
        using var ana = server.NewUser();
        var (response, error) = await ana.FailAsync(HttpStatusCode.NotFound, "POST", path, body);
        response.Dispose();
        Assert.Equal(("model_not_found", "model", "invalid_request_error"), (error.Text("code"), error.Text("param"), error.Text("type")));
    }

    [Theory]
    [InlineData(Completions)]
    [InlineData(Responses)]
    public async Task IdempotencyKey_ThatIsInvalid_IsRefused(string path)
    {
        using var ana = server.NewUser();
        var body = path == Completions ? Chat("x") : Response("x");
        foreach (var key in (string[])[" ", new string('k', 256), "é"])
        {
            var (response, error) = await ana.FailAsync(HttpStatusCode.BadRequest, "POST", path, body, ("Idempotency-Key", key));
            response.Dispose();
            Assert.Equal("invalid_idempotency_key", error.Text("code"));
        }
    }

    [Theory]
    [InlineData("GET", "/v1", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("POST", "/v1/embeddings", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/responses/resp_1/nothing/more", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/chat/completions", HttpStatusCode.MethodNotAllowed)]
    [InlineData("PUT", "/v1/responses", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/v1/models", HttpStatusCode.MethodNotAllowed)]
    public async Task RouteOrMethod_ThatIsUnknown_IsRefusedInTheEnvelope(string method, string path, HttpStatusCode status)
    {
        using var ana = server.NewUser();
        var (response, error) = await ana.FailAsync(status, method, path);
        using (response)
        {
            Assert.Equal(status == HttpStatusCode.NotFound ? "not_found" : "invalid_request_error", error.Text("type"));
            Assert.Equal(status == HttpStatusCode.MethodNotAllowed, response.Content.Headers.Allow.Count > 0);
            Assert.Matches("^req_.", response.Header("x-request-id"));
        }
    }

    [Fact]
    public async Task RequestId_IsOnEveryResponse_AndNeverTheSame()
    {
        using var ana = server.NewUser();
        List<string> ids = [];
        foreach (
            var (method, path, body) in ((string, string, object?)[])
                [
                    ("GET", "/v1/models", null),
                    ("GET", "/v1/models/no/model", null),
                    ("POST", Completions, Chat("#script tokens=1 delay=0")),
                    ("POST", Completions, Chat("#script tokens=1 delay=0", stream: true)),
                    ("POST", Completions, "{"),
                    ("POST", Completions, Chat("#ratelimit")),
                    ("POST", Responses, Response("#script tokens=1 delay=0")),
                    ("GET", "/v1/responses/resp_x", null),
                ]
        )
        {
            using var response = await ana.SendAsync(method, path, body);
            ids.Add(response.Header("x-request-id"));
        }

        Assert.All(ids, id => Assert.Matches("^req_[0-9a-f]+$", id));
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public async Task TooManyAnswersOfOneOwner_Is429WithTheHeadersThatClientsWaitBy()
    {
        await using var own = await ParleyServer.StartAsync(("Generations:MaxActivePerOwner", "1"));
        using var ana = own.NewUser();
        await using var running = await ana.OpenAsync("chat", "POST", Completions, Chat("#script stall-after=2 delay=0", stream: true));
        foreach (var stream in (bool[])[false, true])
        {
            var (response, error) = await ana.FailAsync(HttpStatusCode.TooManyRequests, "POST", Completions, Chat("Hello", stream));
            using (response)
            {
                Assert.Equal(("rate_limit_error", "rate_limit_exceeded"), (error.Text("type"), error.Text("code")));
                Assert.Equal("5", response.Header("Retry-After"));
                Assert.Equal("0", response.Header("x-ratelimit-remaining-requests"));
                Assert.Equal("5s", response.Header("x-ratelimit-reset-requests"));
            }
        }

        // The next request is admitted once the answer has ended.
        await ana.JsonAsync("POST", $"/api/v1/generations/{running.GenerationId}/stop", "{}");
        await running.ToEndAsync();
        await ana.JsonAsync("POST", Completions, Chat("#script tokens=1 delay=0"));
    }

    [Fact]
    public async Task ServerAtItsLimit_Is503()
    {
        await using var own = await ParleyServer.StartAsync(("Generations:MaxActive", "1"));
        using var ana = own.NewUser();
        using var ben = own.NewUser();
        await using var running = await ana.OpenAsync("chat", "POST", Completions, Chat("#script stall-after=2 delay=0", stream: true));
        var (response, error) = await ben.FailAsync(HttpStatusCode.ServiceUnavailable, "POST", Responses, Response("Hello"));
        using (response)
        {
            Assert.Equal(("service_unavailable_error", "server_is_overloaded"), (error.Text("type"), error.Text("code")));
            Assert.Equal("5", response.Header("Retry-After"));
        }
    }

    private async Task NamesAsync(string path, string body, string param, string code)
    {
        using var ana = server.NewUser();
        var (response, error) = await ana.FailAsync(HttpStatusCode.BadRequest, "POST", path, body);
        using (response)
        {
            Assert.Equal((param, code, "invalid_request_error"), (error.Text("param"), error.Text("code"), error.Text("type")));
            Assert.False(response.Headers.Contains("X-Generation-Id"));
        }
    }
}
