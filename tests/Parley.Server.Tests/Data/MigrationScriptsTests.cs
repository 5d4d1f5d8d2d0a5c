using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Parley.Server.Data.Model;
using Parley.Server.Data.Postgres;
using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;

namespace Parley.Server.Tests.Data;

/// <summary>What the server applies is what Entity Framework's migrations are.</summary>
public sealed class MigrationScriptsTests
{
    public static TheoryData<string> Databases => ["Sqlite", "Postgres"];

    [Theory]
    [MemberData(nameof(Databases))]
    public void Model_AfterAChange_HasAMigration(string database)
    {
        using var context = Context(database);
        Assert.False(context.Database.HasPendingModelChanges(), "The entities have changed: run ./dev migrate NAME.");
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void Scripts_OfADatabase_AreItsMigrations(string database)
    {
        using var context = Context(database);
        var migrator = context.GetService<IMigrator>();
        var previous = Migration.InitialDatabase;
        List<(string, string)> expected = [];
        foreach (var id in context.Database.GetMigrations())
        {
            expected.Add(
                (id, migrator.GenerateScript(previous, id, MigrationsSqlGenerationOptions.NoTransactions).ReplaceLineEndings("\n"))
            );
            previous = id;
        }

        Assert.NotEmpty(expected);
        Assert.Equal(expected, MigrationScripts.Missing(database, []));
    }

    [Fact]
    public void Scripts_AppliedOneAfterTheOther_AreFoundApplied()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        List<string> applied = [];
        foreach (var (id, sql) in MigrationScripts.Missing("Sqlite", []))
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
            applied.Add(id);
            Assert.Equal(applied, new SqliteDbContext(Options(connection)).Database.GetAppliedMigrations());
            Assert.DoesNotContain(MigrationScripts.Missing("Sqlite", applied), script => applied.Contains(script.Id));
        }

        Assert.Empty(MigrationScripts.Missing("Sqlite", applied));
    }

    private static ParleyDbContext Context(string database) =>
        database == "Sqlite"
            ? new SqliteDbContext(Options(new SqliteConnection("Data Source=:memory:")))
            : new PostgresDbContext(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql("Host=localhost").Options);

    private static DbContextOptions<SqliteDbContext> Options(SqliteConnection connection) =>
        new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite(connection).Options;
}
