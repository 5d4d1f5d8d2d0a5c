using System.Net;
using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.OpenAI;

/// <summary>What the tests of the OpenAI routes send, and how they read what comes back.</summary>
internal static class OpenAIRequests
{
    public const string Completions = "/v1/chat/completions";
    public const string Responses = "/v1/responses";

    /// <summary>A function that the client runs, as Chat Completions declares it.</summary>
    public static readonly object ChatTool = new { type = "function", function = new { name = "get_weather", parameters = new { } } };

    /// <summary>A function that the client runs, as Responses declares it.</summary>
    public static readonly object ResponseTool = new
    {
        type = "function",
        name = "get_weather",
        parameters = new { },
    };

    public static object Chat(string content, bool stream = false) =>
        new
        {
            model = "scripted",
            stream,
            messages = new[] { new { role = "user", content } },
        };

    public static object Response(string input, bool stream = false, bool background = false) =>
        new
        {
            model = "scripted",
            input,
            stream,
            background,
        };

    /// <summary>What the scripted model says in this many tokens.</summary>
    public static async Task<string> ScriptedTextAsync(this TestUser user, int tokens) =>
        (await user.AnsweredAsync($"#script tokens={tokens} delay=0")).Text;

    /// <summary>The text of a completion.</summary>
    public static string? Content(this JsonElement completion) =>
        completion.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();

    /// <summary>The text of a Response.</summary>
    public static string OutputText(this JsonElement response) =>
        string.Concat(
            response
                .GetProperty("output")
                .EnumerateArray()
                .Where(item => item.GetProperty("type").GetString() == "message")
                .SelectMany(item => item.GetProperty("content").EnumerateArray())
                .Select(part => part.GetProperty("text").GetString())
        );

    /// <summary>The one item of this type in a Response's output.</summary>
    public static JsonElement Item(this JsonElement response, string type) =>
        Assert.Single(response.GetProperty("output").EnumerateArray(), item => item.GetProperty("type").GetString() == type);

    public static string Text(this JsonElement json, string member) => json.GetProperty(member).GetString()!;

    public static string Header(this HttpResponseMessage response, string name) =>
        Assert.Single(response.Headers.TryGetValues(name, out var values) ? values : []);

    /// <summary>Sends a request that must fail, in OpenAI's envelope; the headers of the response stay readable.</summary>
    public static async Task<(HttpResponseMessage Response, JsonElement Error)> FailAsync(
        this TestUser user,
        HttpStatusCode status,
        string method,
        string path,
        object? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var response = await user.SendAsync(method, path, body, headers);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == status, $"{method} {path}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var error = JsonElement.Parse(text).GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(member => member.Name));
        Assert.NotEmpty(error.Text("message"));
        return (response, error);
    }
}
