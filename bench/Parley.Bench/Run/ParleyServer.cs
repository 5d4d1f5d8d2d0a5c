namespace Parley.Bench;

/// <summary>Parley as published, in a process of its own with an empty data folder.</summary>
internal sealed record ParleyServer(ChildProcess Process, int Port)
{
    public static ParleyServer Start(Workspace workspace, string folder, string upstream = "http://127.0.0.1:1/v1")
    {
        var assembly = Path.GetFullPath(Path.Combine(folder, "parley.dll"));
        if (!File.Exists(assembly))
        {
            throw new ArgumentException($"There is no parley.dll in {folder}: publish src/Parley.Server there first.");
        }

        var port = Workspace.FreePort();
        (string, string)[] environment =
        [
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"),
            ("PARLEY_DATA", workspace.NewFolder("parley-data")),
            ("OPENAI_BASE_URL", upstream),
            ("OPENAI_API_KEY", "bench"),
            ("RateLimiting__Enabled", "false"),
            ("Generations__MaxActive", "5000"),
            ("Generations__MaxActivePerOwner", "5000"),
            ("Logging__LogLevel__Default", "Warning"),
        ];
        return new ParleyServer(workspace.Start("parley", "dotnet", [assembly], environment, Path.GetDirectoryName(assembly)), port);
    }

    public Uri Url(string path) => new($"http://127.0.0.1:{Port}{path}");
}
