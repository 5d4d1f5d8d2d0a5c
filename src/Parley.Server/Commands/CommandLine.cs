using System.Runtime.InteropServices;
using Parley.Server.Data.Copy;
using Parley.Server.Data.Sql;

namespace Parley.Server.Commands;

/// <summary>The commands beside the server itself: <c>parley help</c> and <c>parley database copy</c>.</summary>
internal sealed class CommandLine(IConfiguration configuration, TextWriter output, TextWriter errors)
{
    private const int Succeeded = 0,
        Failed = 1,
        InvalidArguments = 2;

    private const string Usage = """
        parley [--Section:Name=value …]
            Starts the server. Settings are described in docs/operations.md.

        parley database copy [--to postgres://user:password@host:5432/database] [--from FOLDER]
            Copies a SQLite installation into an empty PostgreSQL database, and verifies every row. The server must be stopped.
            --to     the PostgreSQL database; default: DATABASE_URL, which keeps the password out of the list of processes
            --from   the data folder of the installation; default: PARLEY_DATA, or data

        parley help
            Shows this text.

        Exit codes: 0 done, 1 failed, 2 invalid arguments.
        """;

    /// <summary>Whether the arguments name a command: the server itself has only settings.</summary>
    public static bool IsCommand(string[] arguments) =>
        arguments is ["--help" or "-h", ..] || (arguments is [var first, ..] && first is not ['-' or '/', ..] && !first.Contains('='));

    /// <summary>Runs the command and returns the exit code. It is cancelled by SIGINT and SIGTERM.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = ContentRoot.Find() });
        builder.Configuration.AddParleyVariables();
        using var cancelled = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        return await new CommandLine(builder.Configuration, Console.Out, Console.Error).RunAsync(arguments, cancelled.Token);

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            cancelled.Cancel();
        }
    }

    /// <summary>Runs the command and returns the exit code. No output repeats the value of an argument: it may hold a password.</summary>
    public async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        switch (arguments)
        {
            case ["help" or "--help" or "-h"]:
                await output.WriteLineAsync(Usage);
                return Succeeded;
            case ["database", "copy", .. var options]:
                if (CopyArguments.Read(options, configuration, out var error) is { } copy)
                {
                    return await CopyAsync(copy, cancellationToken);
                }

                return await RefuseAsync(error);
            case ["database", ..]:
                return await RefuseAsync("'parley database' has one command: copy.");
            default:
                return await RefuseAsync("The first argument is not a command.");
        }
    }

    private async Task<int> CopyAsync(CopyArguments arguments, CancellationToken cancellationToken)
    {
        try
        {
            await DatabaseCopy.RunAsync(arguments.From, arguments.To, output.WriteLine, cancellationToken);
        }
        catch (DatabaseCopyException exception)
        {
            await errors.WriteLineAsync(exception.Message);
            return Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await errors.WriteLineAsync("The copy was cancelled. The target was left empty. Run the command again.");
            return Failed;
        }

        await output.WriteLineAsync(
            $"""
            The copy is complete. Start the server with DATABASE_URL set to the PostgreSQL database, and PARLEY_DATA to {arguments.To.Folder}:
            the signing keys stay in that folder, and without them all cookies are void. Do not start a server on the SQLite database again.
            """
        );
        return Succeeded;
    }

    private async Task<int> RefuseAsync(string error)
    {
        await errors.WriteLineAsync(error + Environment.NewLine + Environment.NewLine + Usage);
        return InvalidArguments;
    }
}
