using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Parley.Server.Data;
using Parley.Server.Data.Model;
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
            .. Model()
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

    private static IModel Model()
    {
        using var context = new SqliteDbContext(new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite("Data Source=:memory:").Options);
        return context.Model;
    }
}
