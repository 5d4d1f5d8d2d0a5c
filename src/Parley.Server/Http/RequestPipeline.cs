using System.Data.Common;
using System.IO.Compression;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.EntityFrameworkCore.Storage;
using Parley.Server.Data;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>
/// What every request passes through: limits, headers, the check for cross-site requests, and the error responses of exceptions.
/// </summary>
internal static class RequestPipeline
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
        + "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void AddRequestPipeline(this WebApplicationBuilder builder)
    {
        // A proxy and a server that accept different line endings can disagree on where a request ends (request smuggling).
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.Configure<BrotliCompressionProviderOptions>(static options => options.Level = CompressionLevel.Optimal);
        builder.Services.Configure<GzipCompressionProviderOptions>(static options => options.Level = CompressionLevel.Optimal);
        builder.Services.AddResponseCompression(static options => options.EnableForHttps = true); // used for files and public documents only, see CompressibleMetadata
        builder.Services.AddParleyCors(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Far above the limits of StrictJson: up to here Kestrel drains a body that was refused, since closing a connection with unread
            // data resets it and the response is lost.
            kestrel.Limits.MaxRequestBodySize = 32 * 1024 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);
            kestrel.Limits.MinResponseDataRate = null; // StreamTimeouts has a write deadline instead
        });

        // Tokens are small writes: dispatching each to another thread costs more than sending it.
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.Backlog = 4096; // room for many clients that reconnect at once
        });
    }

    public static void UseRequestPipeline(this WebApplication app)
    {
        app.UseExceptionHandler(errors => errors.Run(WriteExceptionAsync));
        app.UseRouting(); // first: what follows depends on the metadata of the matched route
        app.Use(
            static (http, next) =>
            {
                WriteHeaders(http);
                return IsCrossSite(http)
                    ? Problems.WriteAsync(
                        http,
                        StatusCodes.Status403Forbidden,
                        ErrorCodes.CrossSite,
                        "The request was sent by a page of another site."
                    )
                    : next(http);
            }
        );
        app.UseWhen(IsCompressible, static branch => branch.UseResponseCompression());
        app.UseStatusCodePages(static context => WriteStatusAsync(context.HttpContext));
    }

    private static void WriteHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        headers.CacheControl = "no-store"; // the default; cacheable responses replace it
        foreach (var header in http.MatchedEndpoint()?.Metadata.GetOrderedMetadata<ResponseHeaderMetadata>() ?? [])
        {
            headers[header.Name] = header.Value();
        }
    }

    /// <summary>Whether the response is a file, or of a route that allows compression.</summary>
    private static bool IsCompressible(HttpContext http) =>
        http.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<CompressibleMetadata>() is not null;

    /// <summary>Whether a page of another site sent the request, which may change something and carries this site's cookie.</summary>
    private static bool IsCrossSite(HttpContext http) =>
        !HttpMethods.IsGet(http.Request.Method)
        && !HttpMethods.IsHead(http.Request.Method)
        && !HttpMethods.IsOptions(http.Request.Method)
        && http.Request.Headers["Sec-Fetch-Site"] is ["cross-site" or "same-site"]
        && !CorsSetup.IsAllowed(http);

    private static Task WriteExceptionAsync(HttpContext http)
    {
        WriteHeaders(http); // the exception handler has cleared them
        var exception = http.Features.Get<IExceptionHandlerFeature>()?.Error;
        if (exception is DatabaseBusyException)
        {
            http.Response.Headers.RetryAfter = "2";
            return Problems.WriteAsync(
                http,
                StatusCodes.Status503ServiceUnavailable,
                ErrorCodes.Overloaded,
                "The server is overloaded. Try again later."
            );
        }

        if (exception is DbException or RetryLimitExceededException or DatabaseUnavailableException)
        {
            http.Response.Headers.RetryAfter = "5";
            return Problems.WriteAsync(
                http,
                StatusCodes.Status503ServiceUnavailable,
                ErrorCodes.StorageUnavailable,
                "The server cannot store data at the moment. Nothing was changed. Try again later."
            );
        }

        return exception is BadHttpRequestException bad
            ? Problems.WriteAsync(http, bad.StatusCode, ErrorCodes.BadRequest, "The request could not be read.")
            : Problems.WriteAsync(
                http,
                StatusCodes.Status500InternalServerError,
                ErrorCodes.InternalError,
                "An internal error occurred. It was logged under this trace id."
            );
    }

    private static Task WriteStatusAsync(HttpContext http) =>
        http.Response.StatusCode switch
        {
            StatusCodes.Status405MethodNotAllowed => Problems.WriteAsync(
                http,
                405,
                ErrorCodes.MethodNotAllowed,
                "The method is not allowed for this route."
            ),
            StatusCodes.Status404NotFound => Problems.WriteAsync(http, 404, ErrorCodes.NotFound, "There is nothing at this path."),
            var status => Problems.WriteAsync(http, status, ErrorCodes.Refused, "The request was refused."),
        };
}
