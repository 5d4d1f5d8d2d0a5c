using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;

namespace Parley.Server.Http;

/// <summary>Which pages of other origins may call this server. Section <c>Cors</c> of the configuration.</summary>
public sealed class CorsOptions
{
    /// <summary>
    /// Origins, as <c>https://app.example.org</c>. Default none. Their pages may send this server's cookie, if the browser allows it. There
    /// is no wildcard.
    /// </summary>
    public IReadOnlyList<string> Origins { get; set; } = [];
}

/// <summary>CORS for the origins that the configuration names.</summary>
internal static class CorsSetup
{
    private static readonly string[] Exposed =
    [
        "X-Conversation-Id",
        "X-Generation-Id",
        "X-Request-Id",
        "Retry-After",
        "RateLimit",
        "RateLimit-Policy",
        "Location",
        "ETag",
        "Stream-Next-Offset",
        "Stream-Cursor",
        "Stream-Up-To-Date",
        "Stream-Closed",
        "x-vercel-ai-ui-message-stream",
        "x-vercel-ai-data-stream",
    ];

    public static IServiceCollection AddParleyCors(this IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddOptions<CorsOptions>()
            .Bind(configuration.GetSection("Cors"))
            .Validate(
                static options => options.Origins.All(IsOrigin),
                "Each of Cors:Origins must be a scheme, a host and optionally a port, without a path: https://app.example.org."
            )
            .ValidateOnStart();
        var origins = configuration.GetSection("Cors:Origins").Get<string[]>() ?? [];
        return services.AddCors(cors =>
            cors.AddDefaultPolicy(policy =>
                policy
                    .WithOrigins(origins)
                    .AllowAnyHeader()
                    .AllowAnyMethod()
                    .AllowCredentials()
                    .WithExposedHeaders(Exposed)
                    .SetPreflightMaxAge(TimeSpan.FromDays(1))
            )
        );
    }

    /// <summary>
    /// As the framework's <c>UseCors</c>, which compiles an expression to call the middleware, the only one at the start.
    /// </summary>
    public static void UseParleyCors(this WebApplication app)
    {
        var policies = app.Services.GetRequiredService<ICorsPolicyProvider>();
        app.Use(next =>
        {
            var cors = ActivatorUtilities.CreateInstance<CorsMiddleware>(app.Services, next);
            return http => cors.Invoke(http, policies);
        });
    }

    /// <summary>Whether a page of an allowed origin sent the request.</summary>
    public static bool IsAllowed(HttpContext http) =>
        http.Request.Headers.Origin is [{ Length: > 0 } origin]
        && http.RequestServices.GetRequiredService<IOptions<CorsOptions>>()
            .Value.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var origin)
        && origin.Scheme is "https" or "http"
        && origin.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);
}
