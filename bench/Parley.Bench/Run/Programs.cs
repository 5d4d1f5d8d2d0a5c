namespace Parley.Bench;

/// <summary>A peer cannot run here; the message says what is missing.</summary>
internal sealed class MissingException(string message) : Exception(message);

/// <summary>Programs of the machine that peers need.</summary>
internal static class Programs
{
    public static string Require(string program, string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists)
        ?? throw new MissingException($"{name} is not installed (no \"{program}\" on the path)");

    /// <summary>Distributions keep PostgreSQL's programs off the path, in a folder a version.</summary>
    public static string RequirePostgres(string program) =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [])
            .OrderByDescending(folder => folder, StringComparer.Ordinal)
            .Select(folder => Path.Combine(folder, "bin", program))
            .FirstOrDefault(File.Exists)
        ?? Require(program, "PostgreSQL");
}
