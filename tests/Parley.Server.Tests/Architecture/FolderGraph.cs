using ArchUnitNET.Domain.Extensions;

namespace Parley.Server.Tests.Architecture;

/// <summary>
/// Which folders of a folder name types of which others. A folder and those below it are one; types of the folder itself are left out.
/// </summary>
internal sealed class FolderGraph
{
    private readonly SortedDictionary<(string From, string To), string> _edges = [];

    /// <summary>From folder, to folder: the first type that makes the edge.</summary>
    public IReadOnlyDictionary<(string From, string To), string> Edges => _edges;

    public static FolderGraph Of(ArchUnitNET.Domain.Architecture architecture, string root)
    {
        var graph = new FolderGraph();
        foreach (var type in architecture.Types)
        {
            if (FolderOf(type.FullName, root) is not { } from)
            {
                continue;
            }

            foreach (var other in type.GetTypeDependencies())
            {
                if (FolderOf(other.FullName, root) is { } to && to != from)
                {
                    graph._edges.TryAdd((from, to), $"{type.FullName} → {other.FullName}");
                }
            }
        }

        return graph;
    }

    /// <summary>The shortest circle through each folder that is in one.</summary>
    public IReadOnlyList<string> Circles()
    {
        SortedDictionary<string, string> circles = [];
        foreach (var start in _edges.Keys.Select(edge => edge.From).Distinct())
        {
            if (ShortestCircle(start) is { } circle)
            {
                circles.TryAdd(string.Join(",", circle.Order(StringComparer.Ordinal)), string.Join(" → ", [.. circle, circle[0]]));
            }
        }

        return [.. circles.Values];
    }

    private List<string>? ShortestCircle(string start)
    {
        Queue<List<string>> paths = new([
            [start],
        ]);
        HashSet<string> seen = [];
        while (paths.TryDequeue(out var path))
        {
            foreach (var (_, to) in _edges.Keys.Where(edge => edge.From == path[^1]))
            {
                if (to == start)
                {
                    return path;
                }

                if (seen.Add(to))
                {
                    paths.Enqueue([.. path, to]);
                }
            }
        }

        return null;
    }

    private static string? FolderOf(string type, string root)
    {
        if (!type.StartsWith(root + ".", StringComparison.Ordinal))
        {
            return null;
        }

        var rest = type[(root.Length + 1)..];
        var end = rest.IndexOf('.', StringComparison.Ordinal);
        return end < 0 ? null : rest[..end];
    }
}
