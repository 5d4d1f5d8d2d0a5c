using Microsoft.AspNetCore.Routing.Template;

namespace Parley.Server.Http;

/// <summary>
/// Applies a group's metadata to requests below its prefix that match none of its routes. The framework's own 404 and 405 endpoints have no
/// metadata.
/// </summary>
public static class UnmatchedRequests
{
    /// <summary>Responds 404, or 405 with <c>Allow</c>, to requests below the group's prefix that match no route.</summary>
    public static IEndpointConventionBuilder MapUnmatched(this RouteGroupBuilder group) => group.Map("/{**path}", HandleAsync);

    private static Task HandleAsync(HttpContext http)
    {
        var methods = http
            .RequestServices.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => IsMatch(endpoint, http.Request.Path))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        http.Response.StatusCode = methods.Count == 0 ? StatusCodes.Status404NotFound : StatusCodes.Status405MethodNotAllowed;
        if (methods.Count > 0)
        {
            http.Response.Headers.Allow = string.Join(", ", methods);
        }

        return Task.CompletedTask;
    }

    private static bool IsMatch(RouteEndpoint endpoint, PathString path) =>
        new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(path, []);
}
