namespace Parley.Server.Data;

/// <summary>This process, as the owner of generations. A new one each time it starts.</summary>
public sealed record NodeIdentity(string Id)
{
    public static NodeIdentity Create() => new($"{Environment.MachineName}:{Environment.ProcessId}:{Guid.NewGuid():N}");
}
