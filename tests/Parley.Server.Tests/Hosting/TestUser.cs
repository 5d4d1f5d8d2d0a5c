using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parley.Server.Tests.Http;

namespace Parley.Server.Tests.Hosting;

/// <summary>A user's HTTP client, with a cookie jar and connections of its own.</summary>
internal sealed class TestUser : IDisposable
{
    /// <summary>The time limit of any request.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly ParleyServer _server;
    private readonly HttpClient _http;

    public TestUser(ParleyServer server, CookieContainer? cookies = null)
    {
        _server = server;
        Cookies = cookies ?? new CookieContainer();
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                CookieContainer = Cookies,
                AllowAutoRedirect = false,
                UseProxy = false,
                RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            }
        )
        {
            Timeout = Timeout,
        };
    }

    public CookieContainer Cookies { get; }

    /// <summary>The same user on another device.</summary>
    public TestUser OnOtherDevice() => new(_server, Cookies);

    /// <summary>Sends a request. The response's body is not read yet.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        request.RequestUri = new Uri(_server.Address, request.RequestUri!);
        return _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Sends JSON, or nothing.</summary>
    public Task<HttpResponseMessage> SendAsync(
        string method,
        string path,
        object? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(
                body as string ?? JsonSerializer.Serialize(body, JsonSerializerOptions.Web),
                Encoding.UTF8,
                new MediaTypeHeaderValue("application/json")
            );
        }

        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return SendAsync(request);
    }

    /// <summary>Sends JSON and reads a JSON answer.</summary>
    public async Task<JsonElement> JsonAsync(
        string method,
        string path,
        object? body = null,
        int status = 200,
        params (string Name, string Value)[] headers
    )
    {
        using var response = await SendAsync(method, path, body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{method} {path}: {(int)response.StatusCode} {text}");
        Assert.StartsWith("application/json", response.Content.Headers.ContentType?.ToString());
        return JsonElement.Parse(text);
    }

    public Task<JsonElement> GetAsync(string path) => JsonAsync("GET", path);

    /// <summary>Sends a request that must be refused, as problem+json, with this status and code.</summary>
    public async Task<JsonElement> RefusedAsync(
        int status,
        string code,
        string method,
        string path,
        object? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var response = await SendAsync(method, path, body, headers);
        var problem = await Problem.ReadAsync(response);
        Assert.True(
            (int)response.StatusCode == status && problem.GetProperty("code").GetString() == code,
            $"{method} {path}: {(int)response.StatusCode} {problem}"
        );
        return problem;
    }

    /// <summary>Opens an event stream.</summary>
    public async Task<EventStream> StreamAsync(
        string method,
        string path,
        object? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var response = await SendAsync(method, path, body, headers);
        if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            Assert.Fail($"{method} {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }

        return new EventStream(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>Opens a response in a wire format.</summary>
    public async Task<AnswerStream> OpenAsync(
        string format,
        string method,
        string path,
        object? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var response = await SendAsync(method, path, body, headers);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            Assert.Fail($"{method} {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }

        return new AnswerStream(response, await response.Content.ReadAsStreamAsync(), format);
    }

    /// <summary>Opens a response in a wire format and reads it to its end.</summary>
    public async Task<DecodedAnswer> ReadAsync(
        string format,
        string method,
        string path,
        object? body = null,
        params (string Name, string Value)[] headers
    )
    {
        await using var stream = await OpenAsync(format, method, path, body, headers);
        return await stream.ToEndAsync();
    }

    /// <summary>Role and text of all messages of a conversation that are shown, oldest first.</summary>
    public async Task<List<(string Role, string Content)>> SaidAsync(string conversation) =>
        [
            .. (await GetAsync($"/api/v1/chat/{conversation}?order=asc"))
                .GetProperty("messages")
                .EnumerateArray()
                .Select(message => (message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!)),
        ];

    /// <summary>Sends a message and opens the stream of its answer.</summary>
    public Task<EventStream> AskAsync(
        string message,
        string? conversation = null,
        string? parent = null,
        string? key = null,
        string? model = "scripted"
    )
    {
        var body = new JsonObject { ["message"] = message };
        if (conversation is not null)
        {
            body["conversationId"] = conversation;
        }

        if (parent is not null)
        {
            body["parentId"] = parent;
        }

        if (model is not null)
        {
            body["model"] = model;
        }

        return StreamAsync("POST", "/api/chat", body.ToJsonString(), key is null ? [] : [("Idempotency-Key", key)]);
    }

    /// <summary>Sends a message and reads the whole answer.</summary>
    public async Task<Answer> AnsweredAsync(
        string message,
        string? conversation = null,
        string? parent = null,
        string? key = null,
        string? model = "scripted"
    )
    {
        await using var stream = await AskAsync(message, conversation, parent, key, model);
        return Answer.Of(await stream.ToEndAsync());
    }

    public Task<EventStream> FollowAsync(string generation, long? after = null) =>
        StreamAsync("GET", $"/api/v1/generations/{generation}/events{(after is null ? "" : $"?after={after}")}");

    public async Task<string> IdAsync() => (await GetAsync("/api/v1/me")).GetProperty("id").GetString()!;

    public void Dispose() => _http.Dispose();
}

/// <summary>An answer that was read to its end.</summary>
internal sealed record Answer(string ConversationId, string GenerationId, string MessageId, IReadOnlyList<Event> Events, string Text)
{
    public Event Last => Events[^1];

    public static Answer Of(EventStream stream) =>
        new(stream.ConversationId, stream.GenerationId, stream.Events[0]["messageId"]!, stream.Events, stream.Text);
}

/// <summary>Reads error responses and asserts their form.</summary>
internal static class Problem
{
    public static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        if (response.RequestMessage!.RequestUri!.AbsolutePath.StartsWith("/v1/", StringComparison.Ordinal))
        {
            return OfEnvelope(response, text);
        }

        Assert.True(
            response.Content.Headers.ContentType?.MediaType == "application/problem+json",
            $"{(int)response.StatusCode} {response.Content.Headers.ContentType} {text}"
        );
        var problem = JsonElement.Parse(text);
        Assert.DoesNotContain("Parley.Server", text, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", text, StringComparison.Ordinal);
        var code = problem.GetProperty("code").GetString()!;
        Assert.True(ErrorCodesTests.IsKnown(code), $"{code} is not a constant of ErrorCodes");
        Assert.Equal($"urn:parley:error:{code}", problem.GetProperty("type").GetString());
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("traceId").GetString()!);
        Assert.InRange(problem.GetProperty("detail").GetString()!.Length, 1, 300);
        return problem;
    }

    /// <summary>The envelope of the OpenAI API.</summary>
    private static JsonElement OfEnvelope(HttpResponseMessage response, string text)
    {
        Assert.True(
            response.Content.Headers.ContentType?.MediaType == "application/json",
            $"{(int)response.StatusCode} {response.Content.Headers.ContentType} {text}"
        );
        Assert.DoesNotContain("Parley.Server", text, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", text, StringComparison.Ordinal);
        var error = JsonElement.Parse(text).GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(member => member.Name));
        Assert.InRange(error.GetProperty("message").GetString()!.Length, 1, 300);
        Assert.Matches("^[a-z][a-z_]*$", error.GetProperty("type").GetString()!);
        Assert.True(ErrorCodesTests.IsKnown(error.GetProperty("code").GetString()!), text);
        return error;
    }

    /// <summary>Whether it says which member, parameter or header is at fault.</summary>
    public static bool Names(JsonElement problem, string field) =>
        problem.TryGetProperty("param", out var param)
            ? param.GetString() == field
            : problem.TryGetProperty("errors", out var errors) && errors.TryGetProperty(field, out _);
}
