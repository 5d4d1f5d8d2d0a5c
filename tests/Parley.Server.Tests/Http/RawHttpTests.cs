using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

/// <summary>Requests that Kestrel refuses: a status and a closed connection, and the server keeps running.</summary>
public sealed class RawHttpTests(BadInputServer fixture) : IClassFixture<BadInputServer>
{
    private const string Post = "POST /api/v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    private const string Second = "GET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n";

    public static TheoryData<string, string> Junk =>
        new()
        {
            { "not HTTP", "hello\r\n\r\n" },
            { "HTTP/0.9", "GET /api/v1/me\r\n\r\n" },
            { "NUL in the path", "GET /api/v1/conversations/\0 HTTP/1.1\r\nHost: x\r\n\r\n" },
            { "encoded NUL in the path", "GET /api/v1/conversations/a%00b HTTP/1.1\r\nHost: x\r\n\r\n" },
            { "raw bytes in the path", "GET /api/v1/conversations/\u00ff\u00fe HTTP/1.1\r\nHost: x\r\n\r\n" },
            { "9 KB target", $"GET /api/v1/conversations/{new string('a', 9 * 1024)} HTTP/1.1\r\nHost: x\r\n\r\n" },
            { "no host", "GET /api/v1/me HTTP/1.1\r\n\r\n" },
            { "two hosts", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" },
            { "NUL in a header", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n" },
            { "raw bytes in a header", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-A: \u00ff\u00fe\r\n\r\n" },
            { "space before the colon", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n" },
            { "folded header", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n" },
            {
                "101 headers",
                $"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 101).Select(i => $"X-{i}: a\r\n"))}\r\n"
            },
            {
                "33 KB header",
                $"GET /api/v1/generations/x/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {new string('1', 33 * 1024)}\r\n\r\n"
            },
            { "control bytes in a cursor", "GET /api/v1/generations/x/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 1\u0001\r\n\r\n" },
            { "two lengths", $"{Post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}" + Second },
            { "length and chunks", $"{Post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Second },
            { "negative length", $"{Post}Content-Length: -1\r\n\r\n{{}}" },
            { "length that is no number", $"{Post}Content-Length: 2x\r\n\r\n{{}}" },
            { "bad chunk size", $"{Post}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n" + Second },
            { "huge chunk size", $"{Post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n{{}}\r\n" },
            { "chunk without its end", $"{Post}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}xx0\r\n\r\n" + Second },
            { "bare line feed in a chunk", $"{Post}Transfer-Encoding: chunked\r\n\r\n2;a\n\r\n{{}}\r\n0\r\n\r\n" + Second },
            { "unknown transfer coding", $"{Post}Transfer-Encoding: gzip, chunked, x\r\n\r\n0\r\n\r\n" },
            { "bare line feeds", "GET /api/v1/me HTTP/1.1\nHost: x\n\n" },
            { "bare line feed between headers", "GET /api/v1/me HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n" },
            { "CONNECT", "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n" },
            { "huge method", $"{new string('A', 9000)} / HTTP/1.1\r\nHost: x\r\n\r\n" },
            { "body that is too large by its length alone", $"{Post}Content-Length: 99999999999\r\n\r\n{{" },
        };

    [Theory]
    [MemberData(nameof(Junk))]
    public async Task Junk_IsRefusedAndNothingAfterItIsRead(string name, string bytes)
    {
        Assert.NotEmpty(name);
        var before = fixture.Server.Tables.Fingerprint();
        using (var raw = await RawConnection.OpenAsync(fixture.Server))
        {
            await raw.SendAsync(bytes);
            raw.EndSending();
            var answer = await raw.ReadAsync();
            Assert.Matches("^(HTTP/1.1 (400|404|405|411|413|414|421|431|501|505) |$)", answer.Split('\n')[0]);
            Assert.DoesNotContain("\"anonymous\"", answer, StringComparison.Ordinal); // the request that was smuggled in behind it
        }

        Assert.Equal(before, fixture.Server.Tables.Fingerprint());
        Assert.Equal(await fixture.Ana.IdAsync(), await fixture.Ana.IdAsync());
        Assert.True(fixture.Server.Errors.Count == 0, string.Join('\n', fixture.Server.Errors));
    }

    [Theory]
    [InlineData("/api/v1/conversations/../../../etc/passwd")]
    [InlineData("/assets/..%2f..%2fappsettings.json")]
    [InlineData("/assets/%2e%2e/%2e%2e/appsettings.json")]
    [InlineData("/..%5c..%5cappsettings.json")]
    [InlineData("/%252e%252e/appsettings.json")]
    [InlineData("//example.org/api/v1/me")]
    [InlineData("/api/v1/conversations/%ff%fe")]
    [InlineData("/api/v1/conversations/a%0d%0aSet-Cookie:x=y")]
    [InlineData("/api/v1/conversations/;a=b")]
    [InlineData("/parley.db")]
    [InlineData("/appsettings.json")]
    public async Task Target_ThatTriesToLeave_FindsNothing(string target)
    {
        using var raw = await RawConnection.OpenAsync(fixture.Server);
        await raw.SendAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var answer = await raw.ReadAsync();
        Assert.Matches("^HTTP/1.1 (400|404) ", answer);
        Assert.DoesNotContain("\r\nLocation:", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nSet-Cookie:", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_ThatNeverComes_IsGivenUp()
    {
        // The length promises more than is ever sent
        var before = fixture.Server.Tables.Fingerprint();
        using var raw = await RawConnection.OpenAsync(fixture.Server);
        await raw.SendAsync($"{Post}Content-Length: 1000\r\n\r\n{{\"title\":");
        var answer = await raw.ReadAsync();
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.Equal(before, fixture.Server.Tables.Fingerprint());
    }

    [Fact]
    public async Task Body_OfAClientThatLeavesInTheMiddle_StoresNothing()
    {
        var before = fixture.Server.Tables.Fingerprint();
        using (var raw = await RawConnection.OpenAsync(fixture.Server))
        {
            await raw.SendAsync($"{Post}Content-Length: 1000\r\n\r\n{{\"title\":\"x\"");
            raw.EndSending();
            Assert.DoesNotContain("HTTP/1.1 2", await raw.ReadAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(before, fixture.Server.Tables.Fingerprint());
        Assert.True(fixture.Server.Errors.Count == 0, string.Join('\n', fixture.Server.Errors));
    }
}
