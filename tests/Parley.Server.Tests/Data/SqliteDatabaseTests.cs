using Microsoft.Data.Sqlite;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>The folder and its one writer.</summary>
public sealed class SqliteDatabaseTests
{
    [Fact]
    public void Folder_InUse_IsRefusedWithAWayOut()
    {
        using var process = SqliteProcess.Create();
        var error = Assert.Throws<InvalidOperationException>(() => SqliteProcess.Open(process.Folder));
        Assert.Contains(process.Folder, error.Message, StringComparison.Ordinal);
        Assert.Contains("PARLEY_DATA", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_OfAProcessThatDiedWhileMigrating_IsOpened()
    {
        var folder = SqliteProcess.NewFolder();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "parley.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" ("Id", "Timestamp") VALUES (1, '2026-01-01 00:00:00+00:00');
                """;
            command.ExecuteNonQuery();
        }

        using var process = await Task.Run(() => SqliteProcess.Open(folder), Patience.Cancel).Soon();
        await process.StartAsync();
    }

    [Fact]
    public async Task Folder_OfAnEarlierVersion_KeepsItsRows()
    {
        var folder = SqliteProcess.NewFolder();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "parley.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText =
                MigrationScripts.Missing("Sqlite", []).First().Sql
                + "INSERT INTO users (id, tenant_id, kind, created_at) VALUES ('u_1', 't_1', 'anonymous', 1)";
            command.ExecuteNonQuery();
        }

        using var process = SqliteProcess.Open(folder);
        await process.StartAsync();
        Assert.Equal(1, await process.CountAsync("users WHERE created_at = 1"));
        Assert.Equal(MigrationScripts.Missing("Sqlite", []).Count(), await process.CountAsync(MigrationScripts.History));
        Assert.Equal(1, await process.Writer.RunAsync(null, session => session.FirstAsync("PRAGMA foreign_keys", row => row.GetInt64(0))));
    }

    [Fact]
    public async Task Writer_WorkThatThrows_TakesNothingElseWithIt()
    {
        using var process = SqliteProcess.Create();
        using var release = new ManualResetEventSlim();
        var first = await BlockAsync(process, release);
        var work = Enumerable
            .Range(0, 50)
            .Select(i => process.Writer.RunAsync(null, async session =>
                {
                    await session.RunAsync("INSERT INTO nodes (id, lease_until) VALUES (@id, 1)", ("@id", $"n{i}"));
                    return i % 5 == 0 ? throw new InvalidDataException("No.")
                        : i % 5 == 1 ? await session.RunAsync("INSERT INTO nodes (id, lease_until) VALUES ('n0', 1), ('n0', 1)")
                        : i;
                }))
            .ToList();
        release.Set();
        await first.Soon();
        for (var i = 0; i < work.Count; i++)
        {
            if (i % 5 == 0)
            {
                await Assert.ThrowsAsync<InvalidDataException>(async () => await work[i].Soon());
            }
            else if (i % 5 == 1)
            {
                await Assert.ThrowsAsync<DatabaseUnavailableException>(async () => await work[i].Soon());
            }
            else
            {
                Assert.Equal(i, await work[i].Soon());
            }
        }

        Assert.Equal(30, await process.CountAsync("nodes"));
    }

    [Fact]
    public async Task Writer_FullDisk_RefusesWhatDoesNotFitAndGoesOn()
    {
        using var process = SqliteProcess.Create();
        await process.SetMaxPagesAsync(1);
        using var release = new ManualResetEventSlim();
        var first = await BlockAsync(process, release);
        var small = process.RunAsync("INSERT INTO nodes (id, lease_until) VALUES ('small', 1)");
        var large = process.RunAsync("INSERT INTO generation_journal (slices) VALUES (zeroblob(1000000))");
        var read = process.Writer.RunAsync(null, session => session.QueryAsync("SELECT 1", row => row.GetInt64(0)));
        release.Set();
        await first.Soon();
        Assert.Equal(1, await small.Soon());
        Assert.Equal([1], await read.Soon());
        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(async () => await large.Soon());
        Assert.Equal(13, Assert.IsType<SqliteException>(refused.InnerException).SqliteErrorCode);
        Assert.Equal(1, await process.CountAsync("nodes"));

        await process.SetMaxPagesAsync(1_000_000_000);
        await process.RunAsync("INSERT INTO generation_journal (slices) VALUES (zeroblob(1000000))");
        Assert.Equal(1, await process.CountAsync("generation_journal"));
    }

    [Fact]
    public async Task Writer_Closed_HasCommittedWhatWasAsked()
    {
        var process = SqliteProcess.Create();
        using var release = new ManualResetEventSlim();
        var first = await BlockAsync(process, release);
        var work = Enumerable
            .Range(0, 300)
            .Select(i => process.RunAsync("INSERT INTO nodes (id, lease_until) VALUES (@id, 1)", ("@id", $"n{i}")))
            .ToList();
        var closing = Task.Run(process.Dispose, Patience.Cancel);
        release.Set();
        await first.Soon();
        Assert.All(await Task.WhenAll(work).Soon(), changed => Assert.Equal(1, changed));
        await closing.Soon();
    }

    [Fact]
    public async Task Start_WithTheSameIdempotencyKey_IsTheSameGeneration()
    {
        using var process = SqliteProcess.Create();
        var keyed = SqliteProcess.NewConversation() with { IdempotencyKey = "k" };
        var results = await Task.WhenAll(
                process.Chats.StartAsync(keyed, static () => true),
                process.Chats.StartAsync(keyed, static () => true),
                process.Chats.StartAsync(keyed with { Fingerprint = "other" }, static () => true)
            )
            .Soon();
        var started = Assert.IsType<StartResult.Started>(results[0]).Generation;
        Assert.Equal(started.Id, Assert.IsType<StartResult.Attached>(results[1]).Generation.Id);
        Assert.Equal(StartRefusal.KeyReused, Assert.IsType<StartResult.Refused>(results[2]).Refusal);
        Assert.Equal(2, await process.CountAsync("messages"));
        Assert.Equal(1, await process.CountAsync("generations"));
    }

    /// <summary>
    /// Keeps the writer busy, so that what is asked meanwhile comes into one commit. Returns when it is busy, with what ends when it no
    /// longer is.
    /// </summary>
    private static async Task<Task> BlockAsync(SqliteProcess process, ManualResetEventSlim release)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = process.Writer.RunAsync(null, _ =>
        {
            entered.SetResult();
            release.Wait(Patience.Cancel);
            return ValueTask.FromResult(0);
        });
        await entered.Task.Soon();
        return first;
    }
}
