using System.Data.Common;
using System.IO.Compression;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Parley.Server.Data;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Http.Streaming;

namespace Parley.Server.Http;

/// <summary>What every request passes through: limits, headers, refusals, and the answer to what nobody expected.</summary>
internal static class RequestPipeline
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
        + "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void AddRequestPipeline(this WebApplicationBuilder builder)
    {
        // Two servers in a row that end lines differently disagree where a request ends.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        builder.WebHost.UseStaticWebAssets();
        builder.Services.Configure<BrotliCompressionProviderOptions>(static options => options.Level = CompressionLevel.Optimal);
        builder.Services.Configure<GzipCompressionProviderOptions>(static options => options.Level = CompressionLevel.Optimal);
        builder.Services.AddResponseCompression(static options => options.EnableForHttps = true); // files only: no secret beside text of others
        builder.Services.AddParleyCors(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // StrictJson refuses far less. Up to here the rest is read and thrown away, so that the refusal arrives: closing with unread data resets the connection.
            kestrel.Limits.MaxRequestBodySize = 32 * 1024 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);
            kestrel.Limits.MinResponseDataRate = null; // the write deadline of StreamTimeouts is the one that works
        });

        // One token is one small write: handing each to another thread costs more than sending it.
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.Backlog = 4096; // a thousand browsers that come back at once must not be refused
        });
    }

    public static void UseRequestPipeline(this WebApplication app)
    {
        app.UseExceptionHandler(errors => errors.Run(WriteErrorAsync));
        app.Use(
            static (http, next) =>
            {
                var headers = http.Response.Headers;
                headers.XContentTypeOptions = "nosniff";
                headers["Referrer-Policy"] = "no-referrer";
                headers.ContentSecurityPolicy = ContentSecurityPolicy;
                headers["Cross-Origin-Opener-Policy"] = "same-origin";
                headers["Cross-Origin-Resource-Policy"] = "same-origin";
                headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
                if (IsApi(http.Request.Path))
                {
                    headers.CacheControl = "no-store";
                }

                if (http.Request.Path.StartsWithSegments("/v1"))
                {
                    headers["x-request-id"] =
                        $"req_{System.Diagnostics.Activity.Current?.TraceId.ToString() ?? System.Diagnostics.ActivityTraceId.CreateRandom().ToString()}";
                }

                return IsForeign(http)
                    ? Problems.WriteAsync(http, StatusCodes.Status403Forbidden, "cross_site", "This request came from another site.")
                    : next(http);
            }
        );
        app.UseWhen(static http => !IsApi(http.Request.Path), static pages => pages.UseResponseCompression());
        app.UseStatusCodePages(static context => WriteStatusAsync(context.HttpContext));
    }

    /// <summary>Where people's text is answered, of which much comes in small pieces.</summary>
    private static bool IsApi(PathString path) =>
        path.StartsWithSegments("/api")
        || path.StartsWithSegments("/v1")
        || path.StartsWithSegments("/chat")
        || path.StartsWithSegments("/chat-stream");

    /// <summary>An unsafe request that a page of another site made with this one's cookie.</summary>
    private static bool IsForeign(HttpContext http) =>
        !HttpMethods.IsGet(http.Request.Method)
        && !HttpMethods.IsHead(http.Request.Method)
        && !HttpMethods.IsOptions(http.Request.Method)
        && http.Request.Headers["Sec-Fetch-Site"] is ["cross-site" or "same-site"]
        && !CorsSetup.IsAllowed(http);

    private static Task WriteErrorAsync(HttpContext http)
    {
        var error = http.Features.Get<IExceptionHandlerFeature>()?.Error;
        if (error is DatabaseBusyException)
        {
            http.Response.Headers.RetryAfter = "2";
            return Problems.WriteAsync(
                http,
                StatusCodes.Status503ServiceUnavailable,
                "overloaded",
                "The server is overloaded. Try again in a moment."
            );
        }

        if (error is DbException or DatabaseUnavailableException)
        {
            http.Response.Headers.RetryAfter = "5";
            return Problems.WriteAsync(
                http,
                StatusCodes.Status503ServiceUnavailable,
                "storage_unavailable",
                "The server cannot store anything right now. Nothing was changed; try again in a moment."
            );
        }

        return error is BadHttpRequestException bad
            ? Problems.WriteAsync(http, bad.StatusCode, "bad_request", "The request could not be read.")
            : Problems.WriteAsync(
                http,
                StatusCodes.Status500InternalServerError,
                "internal_error",
                "Something went wrong on the server. It has been logged under this trace id."
            );
    }

    private static Task WriteStatusAsync(HttpContext http) =>
        http.Response.StatusCode switch
        {
            StatusCodes.Status405MethodNotAllowed => Problems.WriteAsync(
                http,
                405,
                "method_not_allowed",
                "This route does not take this method."
            ),
            StatusCodes.Status404NotFound => Problems.WriteAsync(http, 404, "not_found", "There is no such page."),
            var status => Problems.WriteAsync(http, status, "refused", "The request was refused."),
        };
}
