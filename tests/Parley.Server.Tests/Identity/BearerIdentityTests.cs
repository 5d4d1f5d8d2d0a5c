using System.Net;
using System.Text;
using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Identity;

/// <summary>A bearer token identifies a program, and is never stored.</summary>
public sealed class BearerIdentityTests(ParleyServer server)
{
    private const string Two = "#script tokens=2 delay=0";

    [Fact]
    public async Task Token_IsAnIdentityOfItsOwn()
    {
        using var program = new Program(server, NewToken());
        using var again = new Program(server, program.Token);
        using var other = new Program(server, NewToken());
        using var ana = server.NewUser();
        var id = Member(await program.GetAsync("/api/v1/me"), "id");
        Assert.True(Guid.TryParseExact(id, "D", out _));
        Assert.Equal(id, Member(await again.GetAsync("/api/v1/me"), "id"));
        Assert.NotEqual(id, Member(await other.GetAsync("/api/v1/me"), "id"));

        var conversation = Member(await program.JsonAsync("POST", "/api/chat/conversations", new { title = "Mine" }, 201), "id");
        Assert.Equal(conversation, Member((await again.GetAsync("/api/v1/conversations")).GetProperty("items")[0], "id"));
        foreach (var list in new[] { await other.GetAsync("/api/v1/conversations"), await ana.GetAsync("/api/v1/conversations") })
        {
            Assert.Equal(0, list.GetProperty("total").GetInt32());
        }

        using var refused = await other.SendAsync("GET", $"/api/v1/conversations/{conversation}");
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/conversations/{conversation}");
    }

    [Fact]
    public async Task Token_IsNowhereInWhatIsStored()
    {
        await using var own = await ParleyServer.StartAsync();
        using var program = new Program(own, NewToken());
        await program.JsonAsync("POST", "/api/chat/conversations", new { title = "Mine" }, 201);
        using (var response = await program.SendAsync("POST", "/api/chat", new { message = Two, model = "scripted" }))
        {
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        await own.StopAsync();
        var files = Directory.GetFiles(own.Folder, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            Assert.Equal(
                -1,
                (await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken))
                    .AsSpan()
                    .IndexOf(Encoding.UTF8.GetBytes(program.Token))
            );
        }

        var rows = own.Tables.Dump();
        Assert.Contains("Mine", rows, StringComparison.Ordinal);
        Assert.DoesNotContain(program.Token, rows, StringComparison.Ordinal);
        await own.InitializeAsync();
        Assert.Equal(2, (await program.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Token_GoesBeforeACookieAndLeavesItAlone()
    {
        using var ana = server.NewUser();
        await ana.AnsweredAsync(Two);
        (string, string) token = ("Authorization", $"Bearer {NewToken()}");
        Assert.NotEqual(await ana.IdAsync(), Member(await ana.JsonAsync("GET", "/api/v1/me", null, 200, token), "id"));
        Assert.Equal(0, (await ana.JsonAsync("GET", "/api/v1/conversations", null, 200, token)).GetProperty("total").GetInt32());
        using var asked = await ana.SendAsync("POST", "/api/chat", new { message = Two, model = "scripted" }, token);
        Assert.False(asked.Headers.Contains("Set-Cookie"));
        Assert.Equal(1, (await ana.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("bearer {0}")]
    [InlineData("BEARER {0}")]
    [InlineData("Bearer   {0}  ")]
    public async Task Header_InAnySpellingOfItsScheme_IsTheSame(string header)
    {
        using var program = new Program(server, NewToken());
        using var client = server.NewUser();
        Assert.Equal(
            Member(await program.GetAsync("/api/v1/me"), "id"),
            Member(
                await client.JsonAsync("GET", "/api/v1/me", null, 200, ("Authorization", string.Format(null, header, program.Token))),
                "id"
            )
        );
    }

    public static TheoryData<string> BadHeaders =>
        [
            "",
            "Bearer",
            "Bearer ",
            "Basic dXNlcjpwYXNz",
            "Token abc",
            "Bearerabcdefghijklmnop",
            "Bearer two tokens",
            "Bearer ü",
            "Bearer a\tb",
            $"Bearer {new string('x', 8193)}",
            "null",
        ];

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public async Task Header_ThatIsNoToken_Is401AndNotTakenForACookie(string header)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync(Two);
        foreach (
            var (method, path) in new[]
            {
                ("GET", "/api/v1/me"),
                ("GET", "/api/v1/conversations"),
                ("GET", $"/api/v1/generations/{answer.GenerationId}/events"),
                ("POST", "/api/chat"),
                ("GET", "/chat/stream?sessionId=x"),
            }
        )
        {
            using var response = await ana.SendAsync(
                method,
                path,
                method == "POST" ? new { message = "x" } : null,
                ("Authorization", header)
            );
            Assert.Equal(
                (401, "invalid_token", "Bearer"),
                ((int)response.StatusCode, Member(await Problem.ReadAsync(response), "code"), response.Headers.WwwAuthenticate.ToString())
            );
            Assert.False(response.Headers.Contains("Set-Cookie"));
        }

        using var openAI = await ana.SendAsync("GET", "/v1/models", null, ("Authorization", header));
        Assert.Equal((401, "invalid_api_key"), ((int)openAI.StatusCode, Member(await Problem.ReadAsync(openAI), "code")));
    }

    [Fact]
    public async Task Header_Twice_Is401()
    {
        // Two servers behind each other could each use a different one
        using var raw = await RawConnection.OpenAsync(server);
        await raw.SendAsync(
            $"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {NewToken()}\r\nAuthorization: Bearer {NewToken()}\r\nConnection: close\r\n\r\n"
        );
        var answer = await raw.ReadAsync();
        Assert.StartsWith("HTTP/1.1 401 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"invalid_token\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AllowList_TakesNoOther()
    {
        const string known = "a-token-of-16-and-more",
            alsoKnown = "another-token-that-is-known";
        await using var own = await ParleyServer.StartAsync(("Identity:BearerTokens:0", known), ("Identity:BearerTokens:1", alsoKnown));
        using var ana = own.NewUser();
        foreach (var token in new[] { known, alsoKnown })
        {
            using var program = new Program(own, token);
            await program.JsonAsync("POST", "/api/chat/conversations", new { title = token }, 201);
            Assert.Equal(
                token,
                Member(
                    Assert.Single((await program.GetAsync("/api/chat/conversations")).GetProperty("conversations").EnumerateArray()),
                    "title"
                )
            );
        }

        foreach (var token in new[] { known + "x", known[..^1], known.ToUpperInvariant(), NewToken(), "x" })
        {
            await ana.RefusedAsync(401, "invalid_token", "GET", "/api/v1/me", null, ("Authorization", $"Bearer {token}"));
            await ana.RefusedAsync(401, "invalid_token", "GET", $"/chat/stream?sessionId=x&access_token={token}");
        }

        // A client without a token is anonymous.
        await ana.AnsweredAsync(Two);
    }

    [Fact]
    public async Task AllowList_WithAShortToken_DoesNotStart()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => ParleyServer.StartAsync(("Identity:BearerTokens:0", "fifteen-letters")));
        Assert.Contains("Identity:BearerTokens", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AccessToken_InTheQuery_CountsWhereNoHeaderCanBeSet()
    {
        // An EventSource cannot set headers
        using var program = new Program(server, NewToken());
        using var client = server.NewUser();
        var session = Member(await program.JsonAsync("POST", "/chat/start", new { modelId = "scripted", prompt = Two }, 201), "sessionId");
        await using var stream = await client.StreamAsync("GET", $"/chat/stream?sessionId={session}&access_token={program.Token}");
        Assert.Equal("done", (await stream.ToEndAsync()).Events[^1].Type);
        await using var events = await client.StreamAsync(
            "GET",
            $"/api/v1/generations/{stream.GenerationId}/events?access_token={program.Token}"
        );
        Assert.Equal(stream.Text, (await events.ToEndAsync()).Text);

        // On no other route, because URLs end up in logs and histories.
        Assert.NotEqual(
            Member(await program.GetAsync("/api/v1/me"), "id"),
            Member(await client.GetAsync($"/api/v1/me?access_token={program.Token}"), "id")
        );
        await client.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{stream.GenerationId}?access_token={program.Token}");
        await client.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{stream.GenerationId}/events?access_token=");
        await client.RefusedAsync(
            404,
            "not_found",
            "GET",
            $"/api/v1/generations/{stream.GenerationId}/events?access_token={program.Token}&access_token={program.Token}"
        );
        await client.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{stream.GenerationId}/events?access_token={NewToken()}");
    }

    [Fact]
    public async Task SinglePerson_WhoBringsNothing_IsAlwaysTheSame()
    {
        await using var own = await ParleyServer.StartAsync(("Identity:SinglePerson", "true"));
        using var script = own.NewUser();
        using var anotherScript = own.NewUser();
        using var program = new Program(own, NewToken());
        await script.AnsweredAsync(Two);
        Assert.Equal(1, (await anotherScript.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
        Assert.Equal(0, (await program.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
        await anotherScript.RefusedAsync(401, "invalid_token", "GET", "/api/v1/me", null, ("Authorization", "Basic x"));
    }

    private static string NewToken() => Guid.NewGuid().ToString("N");

    private static string? Member(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.ToString() : null;

    /// <summary>A client without a cookie jar, which sends a header with each request.</summary>
    private sealed class Program(ParleyServer server, string token) : IDisposable
    {
        private readonly (string, string) _header = ("Authorization", $"Bearer {token}");

        public string Token => token;

        public async Task<HttpResponseMessage> SendAsync(string method, string path, object? body = null)
        {
            using var client = server.NewUser();
            return await client.SendAsync(method, path, body, _header);
        }

        public async Task<JsonElement> JsonAsync(string method, string path, object? body = null, int status = 200)
        {
            using var client = server.NewUser();
            return await client.JsonAsync(method, path, body, status, _header);
        }

        public Task<JsonElement> GetAsync(string path) => JsonAsync("GET", path);

        public void Dispose() { }
    }
}
