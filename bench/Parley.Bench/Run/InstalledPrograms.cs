using System.Globalization;

namespace Parley.Bench;

/// <summary>A program that a target needs is not installed or cannot run; the message names it.</summary>
internal sealed class MissingProgramException(string message) : Exception(message);

/// <summary>Finds installed programs.</summary>
internal static class InstalledPrograms
{
    private const string PostgresFolder = "/usr/lib/postgresql";

    public static string Require(string program, string displayName) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists)
        ?? throw new MissingProgramException($"{displayName} is not installed (no \"{program}\" in PATH)");

    /// <summary>Finds a program of the newest PostgreSQL. Debian installs each version into a folder that is not in PATH.</summary>
    public static string RequirePostgres(string program) =>
        (Directory.Exists(PostgresFolder) ? Directory.GetDirectories(PostgresFolder) : [])
            .OrderByDescending(folder =>
                int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0
            )
            .Select(folder => Path.Combine(folder, "bin", program))
            .FirstOrDefault(File.Exists)
        ?? Require(program, "PostgreSQL");
}
