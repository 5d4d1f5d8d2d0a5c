using System.Security.Claims;
using Parley.Server.Data;

namespace Parley.Server.Identity;

/// <summary>The caller, identified by credentials only: never by the content of a body or query.</summary>
public sealed record CurrentUser(string TenantId, string Id)
{
    /// <summary>The owner whose rows the caller can read and change.</summary>
    public Owner Owner => new(TenantId, Id);

    /// <summary>The tenant of users without an organisation.</summary>
    public const string PersonalTenant = "personal";

    /// <summary>The user of the request's credentials, or null.</summary>
    public static CurrentUser? Of(ClaimsPrincipal principal)
    {
        var id = principal.FindFirstValue(ClaimTypes.NameIdentifier);
        return id is null ? null : new CurrentUser(principal.FindFirstValue("tenant") ?? PersonalTenant, id);
    }
}
