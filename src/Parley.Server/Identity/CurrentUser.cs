using System.Security.Claims;
using Parley.Server.Data;

namespace Parley.Server.Identity;

/// <summary>Who asks. It comes from credentials alone, never from a body or a query.</summary>
public sealed record CurrentUser(string TenantId, string Id)
{
    /// <summary>The rows that they may see and change.</summary>
    public Owner Owner => new(TenantId, Id);

    /// <summary>The tenant of everybody who belongs to no organisation.</summary>
    public const string PersonalTenant = "personal";

    /// <summary>Who the request's credentials name, or null.</summary>
    public static CurrentUser? Of(ClaimsPrincipal principal)
    {
        var id = principal.FindFirstValue(ClaimTypes.NameIdentifier);
        return id is null ? null : new CurrentUser(principal.FindFirstValue("tenant") ?? PersonalTenant, id);
    }
}
