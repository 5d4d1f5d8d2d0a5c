namespace Parley.Bench;

/// <summary>The command line that starts this program again, with another command.</summary>
internal static class BenchExecutable
{
    public static (string File, string[] Arguments) Command(params string[] arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "Parley.Bench.dll");
        return Path.GetFileName(Environment.ProcessPath) == "dotnet"
            ? ("dotnet", [assembly, .. arguments])
            : (Environment.ProcessPath!, arguments);
    }
}
