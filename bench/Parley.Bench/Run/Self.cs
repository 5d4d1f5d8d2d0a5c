namespace Parley.Bench;

/// <summary>This program as a child process, and where its sources are.</summary>
internal static class Self
{
    private const string Peer = "bench/peers/aisdk";

    public static (string File, string[] Arguments) Command(params string[] arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "Parley.Bench.dll");
        return Path.GetFileName(Environment.ProcessPath) == "dotnet"
            ? ("dotnet", [assembly, .. arguments])
            : (Environment.ProcessPath!, arguments);
    }

    /// <summary>The folder of the AI SDK peer, looked for upwards from here and from the program; null when there are no sources.</summary>
    public static string? AiSdkFolder() =>
        new[] { Environment.CurrentDirectory, AppContext.BaseDirectory }
            .SelectMany(Upwards)
            .Select(folder => Path.Combine(folder, Peer))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "server.mjs")));

    private static IEnumerable<string> Upwards(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            yield return at.FullName;
        }
    }
}
