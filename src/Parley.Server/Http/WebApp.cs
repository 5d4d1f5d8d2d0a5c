using Microsoft.Extensions.FileProviders;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>Serves the web app. All of its client-side routes return the same page.</summary>
internal static class WebApp
{
    public static void UseWebApp(this WebApplication app)
    {
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = context => SetCache(context.Context, context.File) });
        app.Use(
            (http, next) =>
                HttpMethods.IsGet(http.Request.Method) && IsPage(http.Request.Path)
                    ? WritePageAsync(http, app.Environment.WebRootFileProvider.GetFileInfo("index.html"))
                    : next(http)
        );
    }

    private static Task WritePageAsync(HttpContext http, IFileInfo page)
    {
        if (!page.Exists)
        {
            return Problems.WriteAsync(
                http,
                StatusCodes.Status404NotFound,
                ErrorCodes.NoWebApp,
                "This server was built without the web app."
            );
        }

        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        return http.Response.SendFileAsync(page, http.RequestAborted);
    }

    private static bool IsPage(PathString path) => path == "/" || path == "/chat" || path.StartsWithSegments("/c");

    /// <summary>File names under /assets contain a hash of the content, so the files never change.</summary>
    private static void SetCache(HttpContext http, IFileInfo file) =>
        http.Response.Headers.CacheControl = http.Request.Path.StartsWithSegments("/assets")
            ? "public, max-age=31536000, immutable"
            : "no-cache";
}
