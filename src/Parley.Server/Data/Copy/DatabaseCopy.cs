using Parley.Server.Data.Postgres;
using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;

namespace Parley.Server.Data.Copy;

/// <summary>
/// Copies all that a SQLite installation keeps in its database into an empty PostgreSQL database, and compares every value before it
/// commits. Generations that are running are copied as such: their node doesn't exist in the target, so the first server there adopts them
/// at once.
/// </summary>
internal static class DatabaseCopy
{
    /// <summary>Whether a connection string names a PostgreSQL database, and not a folder.</summary>
    public static bool IsTarget(string? connectionString) => PostgresConnectionString.IsPostgres(connectionString);

    /// <summary>Copies, or leaves the target empty.</summary>
    /// <param name="from">The data folder.</param>
    /// <param name="to">The target: <see cref="DatabaseOptions.ConnectionString"/>, and how to connect.</param>
    /// <param name="report">Takes a line of text for each step that is done.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="DatabaseCopyException">It failed.</exception>
    public static async Task RunAsync(string from, DatabaseOptions to, Action<string> report, CancellationToken cancellationToken)
    {
        using var source = await OpenSourceAsync(from);
        (to.Folder, to.StartTimeout) = (source.FullPath, TimeSpan.Zero);
        await using var target = await PostgresCopyTarget.OpenAsync(to, cancellationToken);
        report($"Copying the SQLite database in {source.FullPath} into the PostgreSQL database {target.Address}.");
        try
        {
            await CopyAsync(source, target, report, cancellationToken);
        }
        catch (Exception exception) when (target.IsCommitting && PostgresCopyTarget.Explain(exception) is { } reason)
        {
            throw new DatabaseCopyException(
                $"The result of the commit is unknown: {reason} Run the command again: if it then says that the target is not empty, the copy is complete and verified.",
                exception
            );
        }
        catch (Exception exception) when ((SqliteCopySource.Explain(exception) ?? PostgresCopyTarget.Explain(exception)) is { } reason)
        {
            throw new DatabaseCopyException($"The copy failed: {reason} The target was left empty. Run the command again.", exception);
        }
    }

    private static async Task<SqliteCopySource> OpenSourceAsync(string from)
    {
        try
        {
            return await SqliteCopySource.OpenAsync(from);
        }
        catch (Exception exception) when (SqliteCopySource.Explain(exception) is { } reason)
        {
            throw new DatabaseCopyException($"{reason} Nothing was copied.", exception);
        }
    }

    private static async Task CopyAsync(
        SqliteCopySource source,
        PostgresCopyTarget target,
        Action<string> report,
        CancellationToken cancellationToken
    )
    {
        var replaced = 0L;
        foreach (var table in target.Tables)
        {
            var copied = await target.WriteAsync(table, source.ReadAsync(table, cancellationToken), cancellationToken);
            replaced += copied.Replaced;
        }

        foreach (var table in target.Tables)
        {
            var count = await VerifyAsync(source, target, table, cancellationToken);
            report(FormattableString.Invariant($"{table.Name}: {count} rows copied, verified"));
        }

        var running = await source.CountRunningAsync();
        await target.CommitAsync(cancellationToken);
        if (replaced > 0)
        {
            report(FormattableString.Invariant($"Texts with characters that PostgreSQL cannot store (now U+FFFD): {replaced}."));
        }

        if (running > 0)
        {
            report(
                FormattableString.Invariant($"Running generations, which the server continues when it starts on PostgreSQL: {running}.")
            );
        }
    }

    /// <summary>Reads both tables side by side, and returns the number of rows.</summary>
    private static async Task<long> VerifyAsync(
        SqliteCopySource source,
        PostgresCopyTarget target,
        CopyTable table,
        CancellationToken cancellationToken
    )
    {
        var count = 0L;
        await using var copies = target.ReadAsync(table, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await foreach (var row in source.ReadAsync(table, cancellationToken))
        {
            count++;
            if (!await copies.MoveNextAsync())
            {
                throw Different(table, count, "it is missing in the copy");
            }

            for (var i = 0; i < row.Length; i++)
            {
                if (!AreEqual(PostgresCopyTarget.Storable(row[i]), copies.Current[i]))
                {
                    throw Different(table, count, $"the column {table.Columns[i].Name} differs");
                }
            }
        }

        return await copies.MoveNextAsync() ? throw Different(table, count + 1, "only the copy has it") : count;
    }

    private static bool AreEqual(object? value, object? copy) =>
        (value, copy) is (byte[] bytes, byte[] copied) ? bytes.AsSpan().SequenceEqual(copied) : Equals(value, copy);

    private static DatabaseCopyException Different(CopyTable table, long row, string what) =>
        new(
            FormattableString.Invariant($"Verification failed at row {row} of the table {table.Name}: {what}. ")
                + "The target was left empty. Make sure that nothing else changes it (a trigger, for example), and run the command again."
        );
}
