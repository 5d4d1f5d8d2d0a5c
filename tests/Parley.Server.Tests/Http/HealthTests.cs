using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

public sealed class HealthTests(ParleyServer server)
{
    [Theory]
    [InlineData("/health/live", "live")]
    [InlineData("/health/ready", "ready")]
    public async Task Health_OfARunningServer_IsGoodAndSetsNoCookie(string path, string text)
    {
        using var probe = server.NewUser();
        using var response = await probe.SendAsync("GET", path);
        Assert.Equal(
            (200, text),
            ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
        );
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothing", 404)]
    [InlineData("POST", "/api/nothing", 404)]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("PUT", "/api/v1/conversations", 405)]
    [InlineData("GET", "/api/chat/text", 405)]
    [InlineData("DELETE", "/api/v1/me", 405)]
    [InlineData("TRACE", "/api/v1/me", 405)]
    [InlineData("FROB", "/api/v1/me", 405)]
    [InlineData("GET", "/v1/", 404)]
    [InlineData("POST", "/v1/nothing", 404)]
    [InlineData("PUT", "/v1/models", 405)]
    [InlineData("PATCH", "/v1/responses/x", 405)]
    public async Task Route_NotThereOrWithAnotherMethod_IsAProblem(string method, string path, int status)
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync(method, path);
        await Problem.ReadAsync(response);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v1/models", 200)]
    [InlineData("GET", "/v1/nothing", 404)]
    [InlineData("PUT", "/v1/models", 405)]
    [InlineData("GET", "/v1/models", 401, "Authorization", "Basic eDp4")]
    [InlineData("POST", "/v1/nothing", 403, "Sec-Fetch-Site", "cross-site")]
    public async Task Response_OfTheOpenAIApi_HasARequestId(
        string method,
        string path,
        int status,
        string? header = null,
        string? value = null
    )
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync(method, path, null, header is null ? [] : [(header, value!)]);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Matches("^req_[0-9a-f]{32}$", Assert.Single(response.Headers.GetValues("x-request-id")));
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Response_OfAnotherRoute_HasNoRequestId()
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync("GET", "/api/v1/me");
        Assert.False(response.Headers.Contains("x-request-id"));
    }
}
