using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Parley.Server.Http.Errors;

namespace Parley.Server.Identity;

/// <summary>Which credentials are accepted. Configuration section <c>Identity</c>.</summary>
public sealed class IdentityOptions
{
    /// <summary>
    /// The bearer tokens that are accepted, at least 16 characters each. Default none: any token is accepted, and each one is an identity
    /// of its own. A token must be long and random, as every client that sends it has the same identity.
    /// </summary>
    public IReadOnlyList<string> BearerTokens { get; set; } = [];

    /// <summary>
    /// All requests without credentials have the same identity, instead of a new one each. Default false. For a machine of one person,
    /// whose scripts have neither a cookie jar nor a token.
    /// </summary>
    public bool SinglePerson { get; set; }
}

/// <summary>
/// Identifies programs, which have no cookie jar, by <c>Authorization: Bearer …</c>. The token is hashed and never stored. It takes
/// precedence over a cookie, since browsers send cookies unasked. On routes with <see cref="QueryCredentials"/> (an <c>EventSource</c>
/// cannot set a header) the token can be sent as <c>?access_token=</c>, and a ticket from an earlier request as <c>?ticket=</c>.
/// </summary>
internal static class BearerIdentity
{
    private const int MaxLength = 8192;

    private static readonly CurrentUser SingleUser = new(CurrentUser.PersonalTenant, "00000000-0000-7000-8000-000000000001");

    public static void UseBearerIdentity(this WebApplication app) => app.Use(static (http, next) => InvokeAsync(http, next));

    private static Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var authorization = http.Request.Headers.Authorization;
        if (authorization.Count > 0)
        {
            if (authorization is not [{ } value] || Find(TokenOf(value), OptionsOf(http)) is not { } bearer)
            {
                return RefuseAsync(http);
            }

            http.User = Principal(bearer);
        }
        else if (http.GetEndpoint()?.Metadata.GetMetadata<QueryCredentials>() is { } allowed)
        {
            if (http.Request.Query["access_token"] is [{ Length: > 0 and <= MaxLength } access])
            {
                if (Find(access, OptionsOf(http)) is not { } bearer)
                {
                    return RefuseAsync(http);
                }

                http.User = Principal(bearer);
            }
            else if (http.Request.Query["ticket"] is [{ Length: > 0 and <= MaxLength } ticket] && allowed.ResourceOf(http) is { } resource)
            {
                // An invalid or expired ticket is ignored.
                if (http.RequestServices.GetRequiredService<Tickets>().Find(ticket, resource) is { } user)
                {
                    http.User = Principal(user);
                }
            }
        }

        if (CurrentUser.Of(http.User) is null && OptionsOf(http).SinglePerson)
        {
            http.User = Principal(SingleUser);
        }

        return next(http);
    }

    /// <summary>The user of a token; null when the token is not accepted.</summary>
    public static CurrentUser? Find(string token, IdentityOptions options)
    {
        if (token.Length is 0 or > MaxLength || !token.All(letter => letter is > ' ' and <= '~') || !IsAccepted(token, options))
        {
            return null;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes("parley bearer\n" + token), hash);
        return new CurrentUser(CurrentUser.PersonalTenant, new Guid(hash[..16], bigEndian: true).ToString());
    }

    private static string TokenOf(string header)
    {
        const string Scheme = "Bearer ";
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
    }

    private static bool IsAccepted(string token, IdentityOptions options)
    {
        if (options.BearerTokens.Count == 0)
        {
            return true;
        }

        var found = false;
        foreach (var candidate in options.BearerTokens)
        {
            found |= CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(candidate), Encoding.UTF8.GetBytes(token));
        }

        return found;
    }

    private static IdentityOptions OptionsOf(HttpContext http) =>
        http.RequestServices.GetRequiredService<IOptions<IdentityOptions>>().Value;

    private static ClaimsPrincipal Principal(CurrentUser user) =>
        new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user.Id), new Claim("tenant", user.TenantId)], "Bearer"));

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.WriteAsync(
            http,
            StatusCodes.Status401Unauthorized,
            ErrorCodes.InvalidToken,
            "The bearer token is not accepted. Check the key that the client sends."
        );
    }
}

/// <summary>Marks a route that accepts credentials in its query.</summary>
/// <param name="ResourceOf">The resource that a ticket must be issued for; null when the route accepts no tickets.</param>
public sealed record QueryCredentials(Func<HttpContext, string?> ResourceOf);
