using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Parley.Server.Tests.Hosting;

/// <summary>A provider that speaks OpenAI's Chat Completions and says what a test tells it to. Its model is <c>up/m</c>.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<JsonElement> _requests = new();

    private Upstream(Func<JsonElement, HttpResponse, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/chat/completions", async http =>
        {
            var request = (await JsonDocument.ParseAsync(http.Request.Body)).RootElement.Clone();
            _requests.Enqueue(request);
            http.Response.ContentType = "text/event-stream";
            await answer(request, http.Response);
        });
    }

    public static async Task<Upstream> StartAsync(Func<JsonElement, HttpResponse, Task> answer)
    {
        var upstream = new Upstream(answer);
        await upstream._app.StartAsync();
        return upstream;
    }

    /// <summary>An upstream that sends these JSON string literals (their insides, as they are) as one delta each.</summary>
    public static Task<Upstream> SayingAsync(string finish, params string[] escaped) =>
        StartAsync(
            async (_, response) =>
            {
                foreach (var piece in escaped)
                {
                    await SendAsync(response, $$$"""{"choices":[{"index":0,"delta":{"content":"{{{piece}}}"}}]}""");
                }

                await SendAsync(
                    response,
                    $$$"""{"choices":[{"index":0,"delta":{},"finish_reason":"{{{finish}}}"}],"usage":{"prompt_tokens":5,"completion_tokens":{{{escaped.Length}}},"total_tokens":{{{5 + escaped.Length}}}}}"""
                );
                await SendAsync(response, "[DONE]");
            }
        );

    public static async Task SendAsync(HttpResponse response, string data)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes($"data: {data}\n\n"));
        await response.Body.FlushAsync();
    }

    /// <summary>Every request so far.</summary>
    public IReadOnlyCollection<JsonElement> Requests => _requests;

    public (string, string)[] Settings =>
        [
            ("Providers:up:BaseUrl", $"{_app.Urls.First()}/v1"),
            ("Providers:up:ApiKey", "k"),
            ("Providers:up:Models:0", "m"),
            ("Providers:up:ListModels", "false"),
        ];

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
