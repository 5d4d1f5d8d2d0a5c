using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Parley.Server.Data.Model;

namespace Parley.Server.Identity;

/// <summary>
/// Short-lived credentials for one stream, to be put into a URL where no header can be set: a URL ends up in logs and histories, so what is in it must be of no use soon.
/// Good for as many connections as it takes until it expires, since a reconnect repeats its URL.
/// </summary>
public sealed class Tickets(IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>How long one is good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    /// <summary>What a ticket for following a generation is for.</summary>
    public static string ForGeneration(string id) => $"generation:{id}";

    /// <summary>What a ticket for a chat session's stream is for.</summary>
    public static string ForSession(string? id) => $"session:{id}";

    private readonly IDataProtector _protector = protection.CreateProtector("parley.ticket");

    public string Create(CurrentUser user, string resource) =>
        _protector.Protect(
            JsonSerializer.Serialize(new Ticket(user.TenantId, user.Id, resource, (time.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds()))
        );

    /// <summary>Whom it was given to, or null when it is not one of ours, is for something else, or has expired.</summary>
    public CurrentUser? Find(string ticket, string resource)
    {
        try
        {
            var found = JsonSerializer.Deserialize<Ticket>(_protector.Unprotect(ticket))!;
            return found.Resource == resource && found.Until > time.GetUtcNow().ToUnixTimeMilliseconds()
                ? new CurrentUser(found.Tenant, found.User)
                : null;
        }
        catch (Exception error) when (error is CryptographicException or JsonException or FormatException)
        {
            return null;
        }
    }

    private sealed record Ticket(string Tenant, string User, string Resource, long Until);
}
