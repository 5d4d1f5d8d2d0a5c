using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Parley.Server.Data.Sql;

/// <summary>A table as it is copied from one database into another.</summary>
/// <param name="Name">Its name in SQL.</param>
/// <param name="Columns">All of its columns.</param>
/// <param name="Key">The columns of its primary key. Both databases return rows in their order.</param>
/// <param name="Identity">The column whose values the database generates, where there is one.</param>
internal sealed record CopyTable(string Name, IReadOnlyList<CopyColumn> Columns, IReadOnlyList<string> Key, string? Identity)
{
    /// <summary>Reads all rows, in the order of the key.</summary>
    public string Select => $"SELECT {ColumnList} FROM {Name} ORDER BY {string.Join(", ", Key)}";

    public string ColumnList => string.Join(", ", Columns.Select(static column => column.Name));

    /// <summary>The tables of a model except those named; a table comes after those that it refers to.</summary>
    public static IReadOnlyList<CopyTable> Of(IModel model, params string[] except)
    {
        List<IEntityType> waiting =
        [
            .. model
                .GetEntityTypes()
                .Where(entity => !except.Contains(entity.GetTableName()))
                .OrderBy(static entity => entity.GetTableName(), StringComparer.Ordinal),
        ];
        List<CopyTable> tables = [];
        while (waiting.Count > 0)
        {
            var next = waiting.First(entity =>
                !entity.GetForeignKeys().Any(key => key.PrincipalEntityType != entity && waiting.Contains(key.PrincipalEntityType))
            );
            waiting.Remove(next);
            tables.Add(Of(next));
        }

        return tables;
    }

    /// <summary>Reads all rows. Each replaces the one before in the same array.</summary>
    public async IAsyncEnumerable<object?[]> ReadAsync(
        DbConnection connection,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Select;

        // A large table may take longer to be sorted than any other statement.
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var row = new object?[Columns.Count];
        while (await reader.ReadAsync(cancellationToken))
        {
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = Columns[i].Read(reader, i);
            }

            yield return row;
        }
    }

    private static CopyTable Of(IEntityType entity)
    {
        var key = entity.FindPrimaryKey()!.Properties;
        return new CopyTable(
            entity.GetTableName()!,
            [.. entity.GetProperties().Select(CopyColumn.Of)],
            [.. key.Select(static property => property.GetColumnName())],
            key is [{ ValueGenerated: ValueGenerated.OnAdd } generated] && generated.ClrType == typeof(long)
                ? generated.GetColumnName()
                : null
        );
    }
}

/// <summary>A column of a <see cref="CopyTable"/>.</summary>
internal sealed record CopyColumn(string Name, CopyType Type)
{
    public static CopyColumn Of(IProperty property)
    {
        var type = property.GetTypeMapping().Converter?.ProviderClrType ?? property.ClrType;
        type = Nullable.GetUnderlyingType(type) ?? type;
        return new CopyColumn(
            property.GetColumnName(),
            type == typeof(string) ? CopyType.Text
                : type == typeof(int) ? CopyType.Int32
                : type == typeof(long) ? CopyType.Int64
                : type == typeof(bool) ? CopyType.Boolean
                : type == typeof(byte[]) ? CopyType.Bytes
                : throw new NotSupportedException($"Columns of the type {type} cannot be copied.")
        );
    }

    /// <summary>The value in a column of the current row: a string, int, long, bool or byte array; null for NULL.</summary>
    public object? Read(DbDataReader row, int ordinal) =>
        row.IsDBNull(ordinal)
            ? null
            : Type switch
            {
                CopyType.Text => row.GetString(ordinal),
                CopyType.Int32 => row.GetInt32(ordinal),
                CopyType.Int64 => row.GetInt64(ordinal),
                CopyType.Boolean => row.GetBoolean(ordinal),
                _ => row.Bytes(ordinal),
            };
}

/// <summary>The types of columns that can be copied.</summary>
internal enum CopyType
{
    Text,
    Int32,
    Int64,
    Boolean,
    Bytes,
}
