using Npgsql;
using Parley.Server.Data;
using Parley.Server.Data.Postgres;
using Parley.Server.Data.Sql;
using Parley.Testing.Generations;
using Parley.Testing.Postgres;

namespace Parley.Server.Tests.Data.Postgres;

/// <summary>Sessions, transactions and migrations.</summary>
public sealed class PostgresDatabaseTests : IAsyncLifetime
{
    private static readonly Owner Ana = new("t_1", "u_ana");
    private TestDatabase _data = null!;
    private PostgresDatabase _database = null!;

    public async ValueTask InitializeAsync()
    {
        _data = await TestDatabase.CreateEmptyAsync();
        _database = Open(_data.ConnectionString);
        await _data.RunAsync(
            "CREATE TABLE things (id text COLLATE \"C\" PRIMARY KEY, parent text, number integer, big bigint, flag boolean, bytes bytea)"
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _data.DisposeAsync();
    }

    [Fact]
    public async Task Values_OfEachTypeAndNull_AreStoredAndFound()
    {
        for (var i = 0; i < 4; i++)
        {
            var isNull = i % 2 == 0;
            await _database.WriteAsync(null, async session =>
            {
                await session.AddAsync(
                    "INSERT INTO things (id, parent, number, big, flag, bytes) VALUES (@id, @parent, @number, @big, @flag, @bytes)",
                    ("@id", $"id{i}"),
                    ("@parent", isNull ? null : "p"),
                    ("@number", isNull ? (int?)null : 7),
                    ("@big", isNull ? (long?)null : long.MaxValue),
                    ("@flag", !isNull),
                    ("@bytes", isNull ? null : new byte[] { 0, 255 })
                );
                return 0;
            });
        }

        await using var session = await _database.OpenSystemAsync(Patience.Cancel);
        foreach (var (parent, found) in new[] { ("p", "id1,id3"), (null, "id0,id1,id2,id3"), ("x", "") })
        {
            var ids = await session.QueryAsync(
                "SELECT id FROM things WHERE @parent IS NULL OR parent = @parent ORDER BY id",
                static row => row.GetString(0),
                ("@parent", parent)
            );
            Assert.Equal(found, string.Join(',', ids));
        }

        var one = await session.FirstAsync(
            "SELECT number, big, flag, bytes FROM things WHERE id = @id",
            static row => (row.GetInt64(0), row.GetInt64(1), row.GetBoolean(2), Convert.ToHexString(row.Bytes(3))),
            ("@id", "id3")
        );
        Assert.Equal((7, long.MaxValue, true, "00FF"), one);
    }

    [Fact]
    public async Task Statement_WithAtInTextAndNamesUsedTwice_MeansWhatItSays()
    {
        await using var session = await _database.OpenAsync(Ana, Patience.Cancel);
        var row = await session.FirstAsync(
            """SELECT '@id''@owner' AS "@x", @id || @id || @owner, @tenant""",
            static row => (row.GetString(0), row.GetString(1), row.GetString(2)),
            ("@id", "a")
        );
        Assert.Equal(("@id'@owner", "aau_ana", "t_1"), row);
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.QueryAsync("SELECT @missing", static row => 0));
    }

    /// <summary>The texts are not data of a theory: a runner's messages would replace what is not UTF-16.</summary>
    [Fact]
    public async Task Text_ThatPostgresRefuses_IsReplaced()
    {
        await using var session = await _database.OpenSystemAsync(Patience.Cancel);
        (string Text, string Stored)[] texts =
        [
            ("a\0b", "a\uFFFDb"),
            ("\uD83D", "\uFFFD"),
            ("x\uDE00\uD83Dy", "x\uFFFD\uFFFDy"),
            ("😀 \uD83D\uDE00\uD83D", "😀 😀\uFFFD"),
            ("Grüße 漢字 😀", "Grüße 漢字 😀"),
        ];
        foreach (var (text, stored) in texts)
        {
            Assert.Equal(stored, await session.FirstAsync("SELECT @text", static row => row.GetString(0), ("@text", text)));
        }
    }

    [Fact]
    public async Task Write_WhoseAddedStatementFails_ChangesNothing()
    {
        var failure = await Assert.ThrowsAsync<PostgresException>(() => _database.WriteAsync(null, async session =>
            {
                await session.AddAsync("INSERT INTO things (id) VALUES ('one')");
                await session.AddAsync("INSERT INTO nothing (id) VALUES ('two')");
                return 0;
            }));
        Assert.Equal(PostgresErrorCodes.UndefinedTable, failure.SqlState);
        Assert.Equal(0, await _data.ReadAsync<long>("SELECT count(*) FROM things"));
    }

    [Fact]
    public async Task Write_ThatGoesOnAfterAFailure_IsNotCommitted()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _database.WriteAsync(null, async session =>
            {
                await session.RunAsync("INSERT INTO things (id) VALUES ('one')");
                await Assert.ThrowsAsync<PostgresException>(async () => await session.RunAsync("SELECT 1 / 0"));
                return 0;
            }));
        Assert.Equal(0, await _data.ReadAsync<long>("SELECT count(*) FROM things"));
    }

    [Fact]
    public async Task Writes_ThatDeadlock_AreRepeated()
    {
        await _data.RunAsync("INSERT INTO things (id, number) VALUES ('a', 0), ('b', 0)");
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (runs, waiting) = (0, 0);
        await Task.WhenAll(RunAsync("a", "b"), RunAsync("b", "a")).Soon();
        Assert.Equal(3, runs);
        Assert.Equal(4, await _data.ReadAsync<long>("SELECT sum(number) FROM things"));

        Task<int> RunAsync(string first, string second) => _database.WriteAsync(null, async session =>
            {
                Interlocked.Increment(ref runs);
                await session.RunAsync("UPDATE things SET number = number + 1 WHERE id = @id", ("@id", first));
                if (Interlocked.Increment(ref waiting) == 2)
                {
                    both.SetResult();
                }

                await both.Task;
                return await session.RunAsync("UPDATE things SET number = number + 1 WHERE id = @id", ("@id", second));
            });
    }

    [Fact]
    public async Task Writes_ThatInsertTheSameRow_AreRepeatedAndSeeIt()
    {
        var results = await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(_ => _database.WriteAsync(null, async session =>
                    {
                        if (await session.FirstAsync("SELECT id FROM things WHERE id = 'one'", static row => row.GetString(0)) is not null)
                        {
                            return "found";
                        }

                        await session.AddAsync("INSERT INTO things (id) VALUES ('one')");
                        return "inserted";
                    }))
        );
        Assert.Single(results, "inserted");
        Assert.Equal(19, results.Count(result => result == "found"));
    }

    [Fact]
    public async Task Write_WhoseConnectionIsLostBeforeTheCommit_IsRepeated()
    {
        await using var proxy = new PostgresProxy(_data.Cluster);
        await using var database = Open(proxy.ConnectionString(_data.Name));
        var (runs, committed) = (0, 0);
        await database.WriteAsync(null, session => session.RunAsync("SELECT 1"));
        await database.WriteAsync(
            null,
            async session =>
            {
                if (++runs < 3)
                {
                    proxy.LoseReply();
                }

                return await session.RunAsync("INSERT INTO things (id) VALUES ('one')");
            },
            _ => committed++
        );
        Assert.Equal((3, 1), (runs, committed));
        Assert.Equal(1, await _data.ReadAsync<long>("SELECT count(*) FROM things"));
    }

    [Fact]
    public async Task Write_WhoseCommitHasNoReply_SaysThatItIsNotKnown()
    {
        await using var proxy = new PostgresProxy(_data.Cluster);
        await using var database = Open(proxy.ConnectionString(_data.Name));
        await database.WriteAsync(null, session => session.RunAsync("SELECT 1"));
        proxy.LoseReply();
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() =>
            database.WriteAsync(
                null,
                async session =>
                {
                    await session.AddAsync("INSERT INTO things (id) VALUES ('one')");
                    return 0;
                },
                _ => Assert.Fail("Nobody knows whether it was committed.")
            )
        );
        Assert.Equal(1, await _data.ReadAsync<long>("SELECT count(*) FROM things"));
    }

    [Fact]
    public async Task Lock_OfAName_LetsOneTransactionAfterTheOtherGoOn()
    {
        var inside = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ => _database.WriteAsync(null, async session =>
                    {
                        await session.LockAsync("name");
                        Assert.Equal(1, await session.FirstAsync("SELECT 1", static row => row.GetInt32(0)));
                        Assert.Equal(1, Interlocked.Increment(ref inside));
                        await session.RunAsync("SELECT 1");
                        Interlocked.Decrement(ref inside);
                        return 0;
                    }))
        );
    }

    [Fact]
    public async Task Migrations_ByFourProcessesAtOnce_AreAppliedOnce()
    {
        await using var empty = await TestDatabase.CreateEmptyAsync();
        var databases = Enumerable.Range(0, 4).Select(_ => Open(empty.ConnectionString)).ToArray();
        await Task.WhenAll(
                databases.Select(database => Task.Run(() => PostgresStartup.MigrateAsync(database, Patience.Cancel), Patience.Cancel))
            )
            .Soon();
        Assert.Equal(1, await empty.ReadAsync<long>("SELECT count(*) FROM pg_tables WHERE tablename = 'generations'"));
        Assert.Equal(
            await empty.ReadAsync<long>("""SELECT count(DISTINCT "MigrationId") FROM "__EFMigrationsHistory" """),
            await empty.ReadAsync<long>("""SELECT count(*) FROM "__EFMigrationsHistory" """)
        );
        Assert.Equal(
            0,
            await empty.ReadAsync<long>(
                "SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND locktype = 'advisory'"
            )
        );
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task Migrations_WhoseProcessIsKilled_AreTakenUpByTheNext()
    {
        await using var empty = await TestDatabase.CreateEmptyAsync();
        var killed = new NpgsqlConnection(empty.ConnectionString + ";Pooling=false");
        await killed.OpenAsync(Patience.Cancel);
        await using (
            var command = new NpgsqlCommand(
                "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('parley migrates', 0)); CREATE TABLE users (id text)",
                killed
            )
        )
        {
            await command.ExecuteNonQueryAsync(Patience.Cancel);
        }

        await using var database = Open(empty.ConnectionString);
        var migrating = PostgresStartup.MigrateAsync(database, Patience.Cancel);
        while (
            await empty.ReadAsync<long>(
                "SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND locktype = 'advisory' AND NOT granted"
            ) == 0
        )
        {
            Assert.False(migrating.IsCompleted);
        }

        await empty.RunAsync($"SELECT pg_terminate_backend({killed.ProcessID})");
        await migrating.Soon();
        Assert.Equal(0, await empty.ReadAsync<long>("SELECT count(*) FROM users"));
        await killed.DisposeAsync();
    }

    private static PostgresDatabase Open(string connectionString) =>
        new(
            Microsoft.Extensions.Options.Options.Create(new DatabaseOptions { ConnectionString = connectionString, MaxConnections = 20 }),
            TimeProvider.System
        );
}
