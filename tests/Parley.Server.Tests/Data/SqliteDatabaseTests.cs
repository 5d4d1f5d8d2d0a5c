using Microsoft.Data.Sqlite;
using Parley.Server.Data;
using Parley.Server.Data.Sqlite;
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
    public async Task Writer_WorkThatThrows_TakesNothingElseWithIt()
    {
        using var process = SqliteProcess.Create();
        using var release = new ManualResetEventSlim();
        var first = await BlockAsync(process, release);
        var work = Enumerable
            .Range(0, 50)
            .Select(i =>
                process.Writer.RunAsync(
                    (SqliteSession session) =>
                    {
                        session.Run("INSERT INTO nodes (id, lease_until) VALUES (@id, 1)", ("@id", $"n{i}"));
                        return i % 5 == 0 ? throw new InvalidDataException("No.")
                            : i % 5 == 1 ? session.Run("INSERT INTO nodes (id, lease_until) VALUES ('n0', 1), ('n0', 1)")
                            : i;
                    }
                )
            )
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
                await Assert.ThrowsAsync<SqliteException>(async () => await work[i].Soon());
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
        await process.Writer.RunAsync((SqliteSession session) => session.Query("PRAGMA max_page_count = 1", row => row.GetInt64(0)));
        using var release = new ManualResetEventSlim();
        var first = await BlockAsync(process, release);
        var small = process.Writer.RunAsync(
            (SqliteSession session) => session.Run("INSERT INTO nodes (id, lease_until) VALUES ('small', 1)")
        );
        var large = process.Writer.RunAsync(
            (SqliteSession session) => session.Run("INSERT INTO generation_journal (slices) VALUES (zeroblob(1000000))")
        );
        var read = process.Writer.RunAsync((SqliteSession session) => session.Query("SELECT 1", row => row.GetInt64(0)));
        release.Set();
        await first.Soon();
        Assert.Equal(1, await small.Soon());
        Assert.Equal([1], await read.Soon());
        Assert.Equal(13, (await Assert.ThrowsAsync<SqliteException>(async () => await large.Soon())).SqliteErrorCode);
        Assert.Equal(1, await process.CountAsync("nodes"));

        await process.Writer.RunAsync(
            (SqliteSession session) => session.Query("PRAGMA max_page_count = 1000000000", row => row.GetInt64(0))
        );
        await process.Writer.RunAsync(
            (SqliteSession session) => session.Run("INSERT INTO generation_journal (slices) VALUES (zeroblob(1000000))")
        );
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
            .Select(i =>
                process.Writer.RunAsync(
                    (SqliteSession session) => session.Run("INSERT INTO nodes (id, lease_until) VALUES (@id, 1)", ("@id", $"n{i}"))
                )
            )
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
        var (_, start) = await process.StartAsync();
        var keyed = start with
        {
            IsNewConversation = false,
            IdempotencyKey = "k",
            UserMessageId = "u2",
            MessageId = "m2",
            GenerationId = Guid.NewGuid().ToString(),
        };
        var again = keyed with { UserMessageId = "u3", MessageId = "m3", GenerationId = Guid.NewGuid().ToString() };
        var outcomes = await Task.WhenAll(
                process.Chats.StartGenerationAsync(keyed),
                process.Chats.StartGenerationAsync(again),
                process.Chats.StartGenerationAsync(again with { Fingerprint = "other" })
            )
            .Soon();
        Assert.IsType<StartResult.Started>(outcomes[0]);
        Assert.Equal(new StartResult.Attached(keyed.GenerationId), outcomes[1]);
        Assert.IsType<StartResult.KeyReused>(outcomes[2]);
        Assert.Equal(4, await process.CountAsync("messages"));
        Assert.Equal(2, await process.CountAsync("generations"));
    }

    /// <summary>Keeps the writer busy, so that what is asked meanwhile comes into one commit. Returns when it is busy, with what ends when it no longer is.</summary>
    private static async Task<Task> BlockAsync(SqliteProcess process, ManualResetEventSlim release)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = process.Writer.RunAsync(
            (SqliteSession _) =>
            {
                entered.SetResult();
                release.Wait(Patience.Cancel);
                return 0;
            }
        );
        await entered.Task.Soon();
        return first;
    }
}
