namespace Parley.Server.Http.Json;

/// <summary>
/// Declares what a route reads as its body, for its description and for the tests that go over all routes. It binds and validates nothing:
/// handlers read their bodies with <see cref="StrictJson"/>. A route that accepts several kinds of bodies declares each. (The framework's
/// <c>Accepts</c> would make routing select by media type, with an error of its own.)
/// </summary>
/// <param name="Type">The members of the body; null for a route that reads no body.</param>
/// <param name="IsOptional">A request without a body is handled like one with an empty object.</param>
/// <param name="IsTolerant">Unknown members are ignored, since clients of this body send members of their own. Otherwise they are an
/// error.</param>
public sealed record RequestBodyMetadata(Type? Type, bool IsOptional = false, bool IsTolerant = false);

public static class RequestBodyExtensions
{
    /// <summary>Declares a body that the route accepts, as <c>application/json</c>.</summary>
    public static RouteHandlerBuilder AcceptsJson<T>(this RouteHandlerBuilder route, bool isOptional = false, bool isTolerant = false)
        where T : class => route.WithMetadata(new RequestBodyMetadata(typeof(T), isOptional, isTolerant));

    /// <summary>Declares that the route reads no body, though its method may have one.</summary>
    public static RouteHandlerBuilder AcceptsNoBody(this RouteHandlerBuilder route) => route.WithMetadata(new RequestBodyMetadata(null));
}
