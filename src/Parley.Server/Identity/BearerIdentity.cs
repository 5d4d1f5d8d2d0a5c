using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Parley.Server.Http.Errors;

namespace Parley.Server.Identity;

/// <summary>Who may come with a bearer token. Section <c>Identity</c> of the configuration.</summary>
public sealed class IdentityOptions
{
    /// <summary>
    /// The bearer tokens that are accepted, at least 16 characters each. Default none, which means that any token is accepted: each is then an identity of its own, and everyone who knows it has that identity, so it must be long and random.
    /// </summary>
    public IReadOnlyList<string> BearerTokens { get; set; } = [];

    /// <summary>
    /// All requests without credentials have the same identity, instead of a new one each. Default false. For a machine that one person uses, whose scripts have neither a cookie jar nor a token.
    /// </summary>
    public bool SinglePerson { get; set; }
}

/// <summary>
/// Programs have no cookie jar: <c>Authorization: Bearer …</c> identifies them. The token is hashed and never kept. It takes precedence over a cookie, since a program chose to send it.
/// On routes that say so (an <c>EventSource</c> can set no header) it may be <c>?access_token=</c>, and a ticket that another request was given may be <c>?ticket=</c>.
/// </summary>
internal static class BearerIdentity
{
    private const int MaxLength = 8192;

    private static readonly CurrentUser TheOnlyOne = new(CurrentUser.PersonalTenant, "00000000-0000-7000-8000-000000000001");

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
                // An invalid or expired ticket is ignored: the request then has no identity from it.
                if (http.RequestServices.GetRequiredService<Tickets>().Find(ticket, resource) is { } user)
                {
                    http.User = Principal(user);
                }
            }
        }

        if (CurrentUser.Of(http.User) is null && OptionsOf(http).SinglePerson)
        {
            http.User = Principal(TheOnlyOne);
        }

        return next(http);
    }

    /// <summary>Who comes with this token, wherever it was sent; null when it is not accepted.</summary>
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

/// <summary>A route whose credentials may be in its query.</summary>
/// <param name="ResourceOf">What a ticket must have been given for; null where the request names nothing.</param>
public sealed record QueryCredentials(Func<HttpContext, string?> ResourceOf);
