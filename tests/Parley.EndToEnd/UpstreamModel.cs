using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Parley.EndToEnd;

/// <summary>
/// A model behind OpenAI's protocol that sends what the test tells it to, when it tells it to, and counts how often it was asked.
/// </summary>
public sealed class UpstreamModel : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<string> _script = Channel.CreateUnbounded<string>();
    private int _calls;

    private UpstreamModel(WebApplication app) => _app = app;

    public const string End = "\0end";

    public int Calls => _calls;

    public string BaseUrl => _app.Urls.Single() + "/v1";

    public void Send(string text) => _script.Writer.TryWrite(text);

    public static async Task<UpstreamModel> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var upstream = new UpstreamModel(builder.Build());
        upstream._app.MapPost("/v1/chat/completions", upstream.AnswerAsync);
        await upstream._app.StartAsync(cancellationToken);
        return upstream;
    }

    public async ValueTask DisposeAsync()
    {
        _script.Writer.TryComplete();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        Interlocked.Increment(ref _calls);
        http.Response.ContentType = "text/event-stream";
        await http.Response.Body.FlushAsync(http.RequestAborted);
        await foreach (var text in _script.Reader.ReadAllAsync(http.RequestAborted))
        {
            var isEnd = text == End;
            await http.Response.WriteAsync(
                $"data: {JsonSerializer.Serialize(new { id = "x", choices = new[] { new { index = 0, delta = new { content = isEnd ? "" : text }, finish_reason = isEnd ? "stop" : null } } })}\n\n",
                http.RequestAborted
            );
            await http.Response.Body.FlushAsync(http.RequestAborted);
            if (!isEnd)
            {
                continue;
            }

            await http.Response.WriteAsync("data: [DONE]\n\n", http.RequestAborted);
            return;
        }
    }
}
