using Parley.Server.Tests.Compatibility.Convex;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

public sealed class HealthTests(ParleyServer server)
{
    [Theory]
    [InlineData("/health/live", "live")]
    [InlineData("/health/ready", "ready")]
    public async Task Health_OfARunningServer_IsGoodAndSetsNoCookie(string path, string text)
    {
        using var probe = server.NewPerson();
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
    public async Task Route_NotThereOrWithAnotherMethod_IsAProblem(string method, string path, int status)
    {
        // B59
        using var ana = server.NewPerson();
        using var response = await ana.SendAsync(method, path);
        await Problem.ReadAsync(response);
        Assert.Equal(status, (int)response.StatusCode);
    }
}
