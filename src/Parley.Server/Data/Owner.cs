namespace Parley.Server.Data;

/// <summary>Whose rows a query may see and change: one person in one tenant. No query of owned rows can be made without it.</summary>
/// <param name="TenantId">The tenant; <c>personal</c> for people who belong to no organisation.</param>
/// <param name="UserId">The person.</param>
public readonly record struct Owner(string TenantId, string UserId);
