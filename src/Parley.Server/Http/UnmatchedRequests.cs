using Microsoft.AspNetCore.Routing.Template;

namespace Parley.Server.Http;

/// <summary>Gives the paths and methods below a group's prefix that have no route the metadata of the group. The framework's own 404 and 405 have none.</summary>
public static class UnmatchedRequests
{
    /// <summary>Responds 404, or 405 with <c>Allow</c>, to whatever no route of the app matches below the group's prefix.</summary>
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
