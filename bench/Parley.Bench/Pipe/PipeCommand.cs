using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Parley.Bench;

/// <summary>
/// The baseline: copies the provider's bytes to the client as they arrive, without parsing, checking or storing them. It uses ASP.NET
/// Core's defaults, without tuning.
/// </summary>
internal static class PipeCommand
{
    public static async Task<int> RunAsync(CommandLine line)
    {
        var port = int.Parse(line.Required("--port"), CultureInfo.InvariantCulture);
        var upstream = new Uri(line.Required("--upstream") + "/chat/completions");
        line.RejectUnknown();

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using var app = builder.Build();
        using var client = new HttpMessageInvoker(new SocketsHttpHandler());
        app.MapPost("/v1/chat/completions", context => ForwardAsync(context, client, upstream));
        app.MapGet("/health/ready", () => "ready");
        await app.RunAsync();
        return 0;
    }

    private static async Task ForwardAsync(HttpContext context, HttpMessageInvoker client, Uri upstream)
    {
        var cancellationToken = context.RequestAborted;
        using var request = new HttpRequestMessage(HttpMethod.Post, upstream) { Content = new StreamContent(context.Request.Body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        request.Content.Headers.ContentLength = context.Request.ContentLength;

        using var response = await client.SendAsync(request, cancellationToken);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();

        await using var source = await response.Content.ReadAsStreamAsync(cancellationToken);
        var writer = context.Response.BodyWriter;
        while (await source.ReadAsync(writer.GetMemory(), cancellationToken) is > 0 and var read)
        {
            writer.Advance(read);
            await writer.FlushAsync(cancellationToken);
        }
    }
}
