using Microsoft.EntityFrameworkCore;
using Parley.Server.Data;
using Parley.Server.Data.Postgres;
using Parley.Server.Data.Sql;
using Parley.Server.Tests.Data;
using Parley.Server.Tests.Data.Postgres;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;

#pragma warning disable xUnit1051 // A copy is bounded by its own timeouts.

namespace Parley.Server.Tests.Commands;

/// <summary><c>parley database copy</c>: what it copies, and what it refuses.</summary>
public sealed class DatabaseCopyTests
{
    private static readonly DatabaseOptions Spilling = new() { SegmentBytes = 64, JournalBytes = 64 * 1024 };

    [Fact]
    public async Task Tables_OfTheSqliteModel_AreAllCopied()
    {
        await using var target = await TestDatabase.CreateAsync();
        using var source = SqliteProcess.Create();
        await using var postgres = new PostgresDbContext(
            new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(target.ConnectionString).Options
        );
        await using var sqlite = await source.Database.OpenContextAsync(default, Patience.Cancel);
        var expected = CopyTable.Of(sqlite.Model, "nodes", "generation_journal");
        var copied = CopyTable.Of(postgres.Model, "nodes", "generation_journal");
        Assert.Equal(expected.Select(Describe), copied.Select(Describe));
        Assert.Equal(
            ["generation_segments.id", "generations.key"],
            copied.Where(table => table.Identity is not null).Select(table => $"{table.Name}.{table.Identity}").Order()
        );

        var folder = await source.ImageAsync();
        var output = (await Copying.RunAsync(folder, target)).Succeeded().Output;
        Assert.All(expected, table => Assert.Contains($"{table.Name}: 0 rows copied, verified\n", output, StringComparison.Ordinal));

        static string Describe(CopyTable table) =>
            $"{table.Name} ({string.Join(", ", table.Columns.OrderBy(column => column.Name, StringComparer.Ordinal))}) {string.Join(",", table.Key)} {table.Identity}";
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_WithATailInTheJournal_IsAdoptedWhole(bool spills)
    {
        await using var target = await TestDatabase.CreateEmptyAsync();
        var process = SqliteProcess.Create(spills ? Spilling : null);
        var log = new LogBuilder()
            .Part(PartKind.Reasoning, "Überlegung 1. ")
            .Tool("call_1", "search", """{"q":"\u0000 日本"}""")
            .Open(PartKind.Text)
            .Text(string.Concat(Enumerable.Range(0, 60).Select(i => $"{i} 🙂 漢字\u0001\u007f ")))
            .Log;
        var (running, _, _) = await process.StartAsync();
        await AppendAsync(process, running, log);
        var ended = new LogBuilder().Part(PartKind.Text, "Zürich 👩‍💻").Completed(new GenerationUsage(5, 7)).Log;
        var (finished, _, _) = await process.StartAsync(owner: "u_2");
        await AppendAsync(process, finished, ended);
        Assert.True(await process.CountAsync("generation_journal") > 0);
        var folder = await process.ImageAsync();
        process.Dispose();

        var copying = (await Copying.RunAsync(folder, target)).Succeeded();
        Assert.Contains("which the server continues when it starts on PostgreSQL: 1.", copying.Output, StringComparison.Ordinal);
        Assert.Contains("generations: 2 rows copied, verified\n", copying.Output, StringComparison.Ordinal);

        await using var node = PostgresProcess.Open(target);
        LogCuts.AssertIsPartOf(log, (await node.Store.ReadAsync(running, 0, 100_000, Patience.Cancel))!.Value);
        var adopted = Assert.Single(await node.Store.AdoptAbandonedAsync(10, Patience.Cancel));
        Assert.Equal((running, 2, 1), (adopted.Id, adopted.Epoch, adopted.Adoptions));
        LogCuts.AssertSame(log, adopted.Log);
        foreach (var position in ended.Boundaries())
        {
            LogCuts.AssertIsPartOf(ended, (await node.Store.ReadAsync(finished, position, 100_000, Patience.Cancel))!.Value);
        }

        var (next, _, _) = await node.StartAsync();
        Assert.NotEqual(running, next);
        Assert.Equal(3, await target.ReadAsync<long>("SELECT max(key) FROM generations"));
    }

    [Fact]
    public async Task Text_ThatPostgresCannotKeep_IsCopiedAsItWouldBeWritten()
    {
        await using var target = await TestDatabase.CreateAsync();
        using var source = SqliteProcess.Create();
        await source.StartAsync();
        Assert.Equal(1, await source.RunAsync("UPDATE messages SET content = @text WHERE role = 'user'", ("@text", "a\0b")));
        var copying = (await Copying.RunAsync(await source.ImageAsync(), target)).Succeeded();
        Assert.Equal("a\uFFFDb", await target.ReadAsync<string>("SELECT content FROM messages WHERE role = 'user'"));
        Assert.Contains("PostgreSQL cannot store (now U+FFFD): 1.", copying.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Target_NotEmpty_IsRefused()
    {
        await using var target = await TestDatabase.CreateAsync();
        var folder = await FolderAsync();
        (await Copying.RunAsync(folder, target)).Succeeded();
        Assert.Contains(
            $"The target 127.0.0.1:{target.Cluster.Port}/{target.Name} is not empty",
            (await Copying.RunAsync(folder, target)).Failed(),
            StringComparison.Ordinal
        );
        Assert.Equal(1, await target.ReadAsync<long>("SELECT count(*) FROM conversations"));
    }

    [Fact]
    public async Task Target_OfAServerThatRuns_IsRefused()
    {
        await using var target = await TestDatabase.CreateAsync();
        var folder = await FolderAsync();
        await using var node = PostgresProcess.Open(target);
        await node.Store.RenewLeaseAsync(Patience.Cancel);
        Assert.Contains("A server is running on the target", (await Copying.RunAsync(folder, target)).Failed(), StringComparison.Ordinal);
        await node.Store.ReleaseLeaseAsync(Patience.Cancel);
        (await Copying.RunAsync(folder, target)).Succeeded();
    }

    [Fact]
    public async Task Target_WithTablesOfAnotherProgram_IsRefused()
    {
        await using var target = await TestDatabase.CreateEmptyAsync();
        await target.RunAsync("CREATE TABLE users (name TEXT)");
        Assert.Contains(
            "It has tables of another program. Create a new database",
            (await Copying.RunAsync(await FolderAsync(), target)).Failed(),
            StringComparison.Ordinal
        );
        Assert.Equal(1, await target.ReadAsync<long>("SELECT count(*) FROM information_schema.columns WHERE table_name = 'users'"));
    }

    [Theory]
    [InlineData("NEW.content := NEW.content || '.'; RETURN NEW;", "row 1 of the table messages: the column content differs")]
    [InlineData("NEW.sequence := NEW.sequence + 10; RETURN NEW;", "row 1 of the table messages: the column sequence differs")]
    [InlineData(
        "NEW.error_retryable := NOT NEW.error_retryable; RETURN NEW;",
        "row 1 of the table messages: the column error_retryable differs"
    )]
    [InlineData("NEW.metadata := ''; RETURN NEW;", "row 1 of the table messages: the column metadata differs")]
    [InlineData("RETURN NULL;", "row 1 of the table messages: it is missing in the copy")]
    public async Task Row_ChangedBehindItsBack_FailsTheVerificationAndLeavesTheTargetEmpty(string change, string error)
    {
        await using var target = await TestDatabase.CreateAsync();
        var folder = await FolderAsync();
        await target.RunAsync(
            $"""
            CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {change} END $$;
            CREATE TRIGGER change BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION change()
            """
        );
        var ended = await Copying.RunAsync(folder, target);
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains(error, ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("messages:", ended.Output, StringComparison.Ordinal);
        Assert.Equal(0, await RowsAsync(target));

        // What a broken run left is empty: the next one may use it.
        await target.RunAsync("DROP FUNCTION change() CASCADE");
        (await Copying.RunAsync(folder, target)).Succeeded();
        Assert.Equal(5, await RowsAsync(target));
    }

    [Fact]
    public async Task Row_ThatOnlyTheCopyHas_FailsTheVerification()
    {
        await using var target = await TestDatabase.CreateAsync();
        await target.RunAsync(
            """
            CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO users VALUES ('zzz', 't_1', 'anonymous', 1); RETURN NULL; END $$;
            CREATE TRIGGER change AFTER INSERT ON conversations FOR EACH ROW EXECUTE FUNCTION change()
            """
        );
        var ended = await Copying.RunAsync(await FolderAsync(), target);
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("row 2 of the table users: only the copy has it", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(0, await RowsAsync(target));
    }

    [Fact]
    public async Task Disk_Full_LeavesTheTargetEmpty()
    {
        await using var target = await TestDatabase.CreateAsync();
        await target.RunAsync(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON generations FOR EACH ROW EXECUTE FUNCTION refuse()
            """
        );
        Assert.Equal(
            "The copy failed: PostgreSQL has no disk space left. The target was left empty. Run the command again.",
            (await Copying.RunAsync(await FolderAsync(), target)).Failed()
        );
        Assert.Equal(0, await RowsAsync(target));
    }

    [Theory]
    [InlineData("postgres://u:{0}@127.0.0.1:1/db", "PostgreSQL cannot be reached")]
    [InlineData("postgres://u:{0}@127.0.0.1:99999/db", "The URL of the target is invalid")]
    [InlineData("postgres://u:{0}@127.0.0.1/db?sslmode=perhaps", "The URL of the target is invalid")]
    [InlineData("mysql://u:{0}@127.0.0.1/db", "The URL of the target is invalid")]
    [InlineData("Host=127.0.0.1;Passwort={0}", "The URL of the target is invalid")]
    public async Task Url_Wrong_SaysWhatToDo(string url, string error)
    {
        var folder = await FolderAsync();
        var ended = await Copying.RunAsync([
            "database",
            "copy",
            $"--from={folder}",
            "--to=" + url.Replace("{0}", Copying.Password, StringComparison.Ordinal),
        ]);
        Assert.Contains(error, ended.Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Url_OfADatabaseThatDoesNotExist_SaysSo()
    {
        await using var target = await TestDatabase.CreateAsync();
        var folder = await FolderAsync();
        var url = Copying.Url(target).Replace(target.Name, "nowhere", StringComparison.Ordinal);
        var error = (await Copying.RunAsync(["database", "copy", "--from", folder, "--to", url])).Failed();
        Assert.Contains("The database does not exist in PostgreSQL. Check --to (or DATABASE_URL)", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_InUse_IsRefused()
    {
        await using var target = await TestDatabase.CreateAsync();
        using var server = SqliteProcess.Create();
        Assert.Equal(
            $"A server is using the data folder {server.Folder}. Stop it, and run the command again.",
            (await Copying.RunAsync(server.Folder, target)).Failed()
        );
    }

    [Fact]
    public async Task Folder_WithoutADatabase_IsRefusedAndNotMade()
    {
        await using var target = await TestDatabase.CreateAsync();
        var folder = Path.Combine(SqliteProcess.NewFolder(), "nothing");
        Assert.Equal(
            $"The folder {folder} has no database of Parley. Set --from to the data folder of the installation to copy.",
            (await Copying.RunAsync(folder, target)).Failed()
        );
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Folder_WithAFileThatIsNoDatabase_IsRefused()
    {
        await using var target = await TestDatabase.CreateAsync();
        var folder = SqliteProcess.NewFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "parley.db"), new string('x', 5000), Patience.Cancel);
        Assert.StartsWith(
            "The SQLite database cannot be read: ",
            (await Copying.RunAsync(folder, target)).Failed(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Arguments_Missing_ComeFromTheSettings()
    {
        await using var target = await TestDatabase.CreateAsync();
        var folder = await FolderAsync();
        var copying = await Copying.RunAsync(
            ["database", "copy"],
            [("Database:Folder", folder), ("Database:ConnectionString", Copying.Url(target))]
        );
        Assert.Contains($"PARLEY_DATA to {folder}", copying.Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(5, await RowsAsync(target));
    }

    [Fact]
    public async Task Copy_Cancelled_SaysSo()
    {
        await using var target = await TestDatabase.CreateAsync();
        var folder = await FolderAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var ended = await Copying.RunAsync(["database", "copy", "--from", folder, "--to", Copying.Url(target)], null, cancelled.Token);
        Assert.Equal("The copy was cancelled. The target was left empty. Run the command again.", ended.Failed());
        Assert.Equal(0, await RowsAsync(target));
    }

    /// <summary>A folder with a person, a conversation, two messages and a running generation.</summary>
    private static async Task<string> FolderAsync()
    {
        using var process = SqliteProcess.Create();
        await process.StartAsync();
        return await process.ImageAsync();
    }

    private static async Task AppendAsync(SqliteProcess process, GenerationId id, LogSnapshot log)
    {
        var from = 0L;
        foreach (var to in log.Boundaries().Where((_, index) => index % 9 == 8).Append(log.End).Where(to => to > 0))
        {
            Assert.Equal([AppendOutcome.Committed], await process.Store.AppendAsync([log.Pending(id, 1, from, to)], Patience.Cancel));
            await Task.Yield();
            from = to;
        }
    }

    private static Task<long> RowsAsync(TestDatabase target) =>
        target.ReadAsync<long>(
            "SELECT (SELECT count(*) FROM conversations) + (SELECT count(*) FROM messages) + (SELECT count(*) FROM generations) + (SELECT count(*) FROM users)"
        );
}
