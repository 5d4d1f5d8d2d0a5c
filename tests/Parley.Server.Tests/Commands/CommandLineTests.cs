using Parley.Server.Commands;

#pragma warning disable xUnit1051 // A copy is bounded by its own timeouts.

namespace Parley.Server.Tests.Commands;

/// <summary>The arguments of the program.</summary>
public sealed class CommandLineTests
{
    private const string Url = "postgres://u:" + Copying.Password + "@127.0.0.1:1/db";

    [Theory]
    [InlineData("help", true)]
    [InlineData("--help", true)]
    [InlineData("database", true)]
    [InlineData("no-such-command", true)]
    [InlineData("--urls=http://localhost:1", false)]
    [InlineData("--urls", false)]
    [InlineData("/urls=http://localhost:1", false)]
    [InlineData("urls=http://localhost:1", false)]
    public void IsCommand_SettingsOfTheServer_AreNone(string argument, bool expected) =>
        Assert.Equal(expected, CommandLine.IsCommand([argument]));

    [Fact]
    public void IsCommand_NoArguments_IsFalse() => Assert.False(CommandLine.IsCommand([]));

    [Theory]
    [InlineData("help")]
    [InlineData("--help")]
    [InlineData("-h")]
    public async Task Help_IsShown(string argument)
    {
        var help = (await Copying.RunAsync([argument])).Succeeded();
        Assert.Contains("parley database copy", help.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("The first argument is not a command.", "copy")]
    [InlineData("The first argument is not a command.", "help", "me")]
    [InlineData("'parley database' has one command: copy.", "database")]
    [InlineData("'parley database' has one command: copy.", "database", "move", Url)]
    [InlineData("The PostgreSQL database to copy into is missing.", "database", "copy")]
    [InlineData("The PostgreSQL database to copy into is missing.", "database", "copy", "--from", "x")]
    [InlineData("--to has no value.", "database", "copy", "--to")]
    [InlineData("--to has no value.", "database", "copy", "--to", "--from", "x")]
    [InlineData("--from has no value.", "database", "copy", "--from=")]
    [InlineData("--to is there twice.", "database", "copy", "--to", Url, "--to", Url)]
    [InlineData("has an unknown argument", "database", "copy", Url)]
    [InlineData("has an unknown argument", "database", "copy", "--target=" + Url)]
    [InlineData("--to is not the URL of a PostgreSQL database.", "database", "copy", "--to", "/" + Copying.Password)]
    public async Task Arguments_Invalid_ShowTheUsage(string error, params string[] arguments)
    {
        var ended = await Copying.RunAsync(arguments);
        Assert.Equal((2, ""), (ended.ExitCode, ended.Output));
        Assert.Contains(error, ended.Errors, StringComparison.Ordinal);
        Assert.Contains("parley database copy [--to", ended.Errors, StringComparison.Ordinal);
    }
}
