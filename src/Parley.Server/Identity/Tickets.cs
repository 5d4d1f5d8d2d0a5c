using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Parley.Server.Identity;

/// <summary>
/// Short-lived credentials for one stream, sent in the URL by clients that cannot set a header. They expire soon, as URLs end up in logs
/// and histories. A ticket is valid for any number of connections until it expires, since a reconnect repeats the URL.
/// </summary>
public sealed class Tickets(IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>How long a ticket is valid.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    /// <summary>The resource name of a generation.</summary>
    public static string ForGeneration(string id) => $"generation:{id}";

    /// <summary>The resource name of a chat session's stream.</summary>
    public static string ForSession(string? id) => $"session:{id}";

    private readonly IDataProtector _protector = protection.CreateProtector("parley.ticket");

    public string Create(CurrentUser user, string resource) =>
        _protector.Protect(
            JsonSerializer.Serialize(new Ticket(user.TenantId, user.Id, resource, (time.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds()))
        );

    /// <summary>The user that a ticket was issued to; null when it is invalid, was issued for another resource, or has expired.</summary>
    public CurrentUser? Find(string ticket, string resource)
    {
        try
        {
            var found = JsonSerializer.Deserialize<Ticket>(_protector.Unprotect(ticket))!;
            return found.Resource == resource && found.Until > time.GetUtcNow().ToUnixTimeMilliseconds()
                ? new CurrentUser(found.Tenant, found.User)
                : null;
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException or FormatException)
        {
            return null;
        }
    }

    private sealed record Ticket(string Tenant, string User, string Resource, long Until);
}
