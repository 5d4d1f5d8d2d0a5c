using System.Reflection;

namespace Parley.Server.Data.Sql;

/// <summary>
/// Entity Framework's migrations as SQL, which <c>./dev migrate</c> generates. The server applies them by itself at its start: Entity
/// Framework and its model would take longer to load than everything else.
/// </summary>
internal static class MigrationScripts
{
    /// <summary>The table in which each script enters its id, and Entity Framework looks for it.</summary>
    public const string History = "__EFMigrationsHistory";

    /// <summary>The ids of what is applied; only where <see cref="History"/> exists.</summary>
    public const string SelectApplied = $"""SELECT "MigrationId" FROM "{History}" """;

    /// <summary>The scripts of a database that are not applied, by their ids, in their order. They have no transaction of their own.</summary>
    /// <param name="database">The folder in <c>Data</c>.</param>
    /// <param name="applied">The ids of what is applied.</param>
    public static IEnumerable<(string Id, string Sql)> Missing(string database, IReadOnlyCollection<string> applied)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var prefix = database + "/";
        var missing = assembly
            .GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && !applied.Contains(name[prefix.Length..]))
            .Order(StringComparer.Ordinal);
        foreach (var name in missing)
        {
            using var script = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return (name[prefix.Length..], script.ReadToEnd());
        }
    }
}
