using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using ServerProblem = Parley.Server.Http.Errors.Problem;

namespace Parley.Server.Tests.Http;

/// <summary>
/// The request pipeline with routes of its own: what a group declares holds for every response below its prefix, and the pipeline knows no
/// path.
/// </summary>
public sealed class ErrorFormatTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private WebApplication _app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder(["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None"]);
        builder.AddRequestPipeline();
        _app = builder.Build();
        _app.UseRequestPipeline();
        var dialect = _app.MapGroup("/any/prefix").WithErrorFormat(new Shouting()).WithResponseHeader("x-dialect", static () => "yes");
        dialect.MapGet("/fine", static () => Results.Text(new string('x', 10_000)));
        dialect.MapGet("/items/{id}", static (string id) => Problems.NotFound($"item {id}"));
        dialect.MapPost("/items/{id}", static (string id) => Problems.Invalid("id", "nope", id));
        dialect.MapGet("/throws", static string () => throw new InvalidOperationException("A secret."));
        dialect.MapGet("/throws/late", static async (HttpContext http) =>
        {
            await Task.Yield();
            throw new BadHttpRequestException("A secret.", StatusCodes.Status408RequestTimeout);
        });
        dialect.MapUnmatched();
        _app.MapGet("/other", static string () => throw new InvalidOperationException("A secret."));
        _app.MapGet("/document", static () => Results.Text(new string('x', 10_000))).AllowCompression();
        await _app.StartAsync(Token);
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _http.BaseAddress = new Uri(address);
    }

    [Theory]
    [InlineData("GET", "/any/prefix/items/5", 404, "NOT_FOUND")]
    [InlineData("POST", "/any/prefix/items/5", 400, "NOPE")]
    [InlineData("GET", "/any/prefix/throws", 500, "INTERNAL_ERROR")]
    [InlineData("GET", "/any/prefix/throws/late", 408, "BAD_REQUEST")]
    [InlineData("GET", "/any/prefix/nothing", 404, "NOT_FOUND")]
    [InlineData("GET", "/any/prefix", 404, "NOT_FOUND")]
    [InlineData("GET", "/ANY/Prefix/", 404, "NOT_FOUND")]
    [InlineData("PUT", "/any/prefix/fine", 405, "METHOD_NOT_ALLOWED")]
    [InlineData("POST", "/any/prefix/throws", 405, "METHOD_NOT_ALLOWED")]
    public async Task Error_BelowAGroup_IsInItsFormatWithItsHeaders(string method, string path, int status, string code)
    {
        using var response = await SendAsync(method, path);
        Assert.Equal(
            (status, "text/shout", $"{status} {code}"),
            ((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsStringAsync(Token))
        );
        Assert.Equal("yes", Assert.Single(response.Headers.GetValues("x-dialect")));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Theory]
    [InlineData("GET", "/other", 500, "internal_error")]
    [InlineData("GET", "/any", 404, "not_found")]
    [InlineData("GET", "/any/prefixes", 404, "not_found")]
    [InlineData("PUT", "/other", 405, "method_not_allowed")]
    public async Task Error_Elsewhere_IsAProblemWithoutTheHeaders(string method, string path, int status, string code)
    {
        using var response = await SendAsync(method, path);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Token);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            (status, code, status),
            ((int)response.StatusCode, problem.GetProperty("code").GetString(), problem.GetProperty("status").GetInt32())
        );
        Assert.DoesNotContain("secret", problem.GetRawText(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("x-dialect"));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task CrossSiteRequest_BelowAGroup_IsRefusedInItsFormat()
    {
        using var response = await SendAsync("POST", "/any/prefix/items/5", ("Sec-Fetch-Site", "cross-site"));
        Assert.Equal(
            (403, "403 CROSS_SITE", "yes"),
            (
                (int)response.StatusCode,
                await response.Content.ReadAsStringAsync(Token),
                Assert.Single(response.Headers.GetValues("x-dialect"))
            )
        );
    }

    [Theory]
    [InlineData("/any/prefix/items/5", "GET, POST")]
    [InlineData("/any/prefix/fine", "GET")]
    public async Task Method_NotAllowedBelowAGroup_SaysWhichAre(string path, string allowed)
    {
        using var response = await SendAsync("PATCH", path);
        Assert.Equal((405, allowed), ((int)response.StatusCode, string.Join(", ", response.Content.Headers.Allow)));
    }

    [Theory]
    [InlineData("/any/prefix/fine", "no-store", null)]
    [InlineData("/any/prefix/nothing", "no-store", null)]
    [InlineData("/nothing", "no-store", null)]
    [InlineData("/document", "no-store", "gzip")]
    public async Task Response_OfAnyPrefix_IsNotStoredAndNotCompressedUnlessDeclared(string path, string cache, string? encoding)
    {
        using var response = await SendAsync("GET", path, ("Accept-Encoding", "gzip"));
        Assert.Equal(cache, response.Headers.CacheControl?.ToString());
        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _http.SendAsync(request, Token);
    }

    /// <summary>A dialect of which the app knows nothing.</summary>
    private sealed class Shouting : ErrorFormat
    {
        public override string ContentType => "text/shout";

        public override Type BodyType => typeof(string);

        public override Task WriteAsync(HttpContext http, ServerProblem problem)
        {
            http.Response.StatusCode = problem.Status;
            http.Response.ContentType = ContentType;
            return http.Response.WriteAsync($"{problem.Status} {problem.Code.ToUpperInvariant()}");
        }

        public override JsonObject Example(int status, string code) => [];
    }
}
