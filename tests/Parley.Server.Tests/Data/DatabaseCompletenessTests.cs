using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Postgres;
using Parley.Server.Data.Sqlite;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>What belongs to a database, or to a column, besides its definition.</summary>
public sealed class DatabaseCompletenessTests
{
    /// <summary>The SQL that both databases run.</summary>
    private static readonly string Sql = string.Concat(
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "sql"), "*.cs").Select(File.ReadAllText)
    );

    public static TheoryData<Type> Databases =>
        [.. typeof(IDatabase).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IDatabase)) && !type.IsAbstract)];

    public static TheoryData<string> Columns =>
        [
            .. Model<SqliteDbContext>()
                .GetEntityTypes()
                .Where(entity =>
                    entity.ClrType == typeof(Conversation) || entity.ClrType == typeof(Message) || entity.ClrType == typeof(Generation)
                )
                .SelectMany(entity => entity.GetProperties().Select(property => $"{entity.GetTableName()}.{property.GetColumnName()}")),
        ];

    [Theory]
    [MemberData(nameof(Databases))]
    public void Database_OfAnyKind_HasTheContractTestsOfItsLogStore(Type database)
    {
        var folder = database.Namespace!;
        var store = Assert.Single(database.Assembly.GetTypes(), type =>
            type.Namespace == folder && type.IsAssignableTo(typeof(Parley.Streaming.Generations.IGenerationStore))
        );
        var name = store.Name + "Tests";
        Assert.True(
            typeof(DatabaseCompletenessTests)
                .Assembly.GetTypes()
                .Any(type => type.Name == name && type.IsSubclassOf(typeof(GenerationStoreContract))),
            $"{store.Name} has no contract tests. Add {name}, derived from GenerationStoreContract."
        );
    }

    [Fact]
    public void Models_OfBothDatabases_HaveTheSameTablesColumnsAndKeys() =>
        // PostgreSQL numbers the rows of the journal, since several nodes write it.
        Assert.Equal(
            Described(Model<SqliteDbContext>(), "generation_journal"),
            Described(Model<PostgresDbContext>(), "generation_journal")
        );

    [Theory]
    [MemberData(nameof(Columns))]
    public void Column_OfAConversationMessageOrGeneration_IsInTheSql(string column)
    {
        var name = column.Split('.')[1];
        Assert.True(
            Regex.IsMatch(Sql, $@"(?<![@\w]){name}(?!\w)"),
            $"No statement in Data/Sql has the column {column}. New rows would always have its default."
        );
    }

    private static IEnumerable<string> Described(IModel model, string except) =>
        model
            .GetEntityTypes()
            .Where(entity => entity.GetTableName() != except)
            .SelectMany(entity =>
                entity
                    .GetProperties()
                    .Select(property =>
                        $"{entity.GetTableName()}.{property.GetColumnName()} {property.ClrType.Name}{(property.IsPrimaryKey() ? " key" : "")}"
                    )
            )
            .Order(StringComparer.Ordinal);

    private static IModel Model<T>()
        where T : DbContext
    {
        var options = new DbContextOptionsBuilder<T>();
        DbContextOptions configured =
            typeof(T) == typeof(SqliteDbContext)
                ? options.UseSqlite("Data Source=:memory:").Options
                : options.UseNpgsql("Host=localhost").Options;
        using var context = (T)Activator.CreateInstance(typeof(T), configured)!;
        return context.Model;
    }
}
