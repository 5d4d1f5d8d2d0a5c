using Microsoft.Extensions.Configuration;
using Parley.Server.Commands;
using Parley.Server.Tests.Data.Postgres;

namespace Parley.Server.Tests.Commands;

/// <summary>A command that has ended: its exit code and all that it wrote.</summary>
internal sealed record Copying(int ExitCode, string Output, string Errors)
{
    public const string Password = "hunter2secret";

    /// <summary>The URL of a database, with a password, which the cluster doesn't ask for.</summary>
    public static string Url(TestDatabase database) =>
        $"postgres://postgres:{Password}@127.0.0.1:{database.Cluster.Port}/{database.Name}?sslmode=disable";

    public static Task<Copying> RunAsync(string folder, TestDatabase target) =>
        RunAsync(["database", "copy", "--to", Url(target), "--from", folder]);

    public static async Task<Copying> RunAsync(
        string[] arguments,
        (string Name, string Value)[]? settings = null,
        CancellationToken cancellationToken = default
    )
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection((settings ?? []).Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)))
            .Build();
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await new CommandLine(configuration, output, errors).RunAsync(arguments, cancellationToken);
        var ended = new Copying(code, output.ToString(), errors.ToString());
        Assert.DoesNotContain(Password, ended.Output + ended.Errors, StringComparison.Ordinal);
        return ended;
    }

    public Copying Succeeded()
    {
        Assert.Equal((0, ""), (ExitCode, Errors));
        return this;
    }

    /// <summary>It failed with one sentence or more, and without a trace of the program.</summary>
    public string Failed()
    {
        Assert.Equal(1, ExitCode);
        Assert.DoesNotContain("verified", Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Errors, StringComparison.Ordinal);
        return Errors.Trim();
    }
}
