namespace Parley.Server.Http.Json;

/// <summary>
/// Declares what a route reads as its body: for its description, and for the tests that go over all routes. Nothing is bound or refused by it: handlers read their bodies themselves, and answer what
/// cannot be read as a problem. A route that tells several kinds of bodies apart declares each.
/// </summary>
/// <param name="Type">Its members; null for a route that reads no body.</param>
/// <param name="IsTolerant">Clients of this body send members of their own along: those are passed over. Everything else is refused as it is in any other body.</param>
public sealed record RequestBodyMetadata(Type? Type, bool IsTolerant = false);

public static class RequestBodyExtensions
{
    /// <summary>Declares a body that the route takes.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, bool tolerant = false)
        where T : class => route.WithMetadata(new RequestBodyMetadata(typeof(T), tolerant));

    /// <summary>Declares that the route, whose method could have a body, reads none.</summary>
    public static RouteHandlerBuilder TakesNoBody(this RouteHandlerBuilder route) => route.WithMetadata(new RequestBodyMetadata(null));
}
