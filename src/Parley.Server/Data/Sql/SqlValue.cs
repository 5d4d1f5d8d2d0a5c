namespace Parley.Server.Data.Sql;

/// <summary>
/// A value with its type. A null has a type too: without it PostgreSQL rejects <c>@id IS NULL</c>, and prepares a statement again for each
/// combination of nulls.
/// </summary>
public readonly struct SqlValue
{
    private SqlValue(SqlType type, object? value) => (Type, Value) = (type, value);

    public SqlType Type { get; }

    /// <summary>A string, long, bool or byte array; or null.</summary>
    public object? Value { get; }

    public static implicit operator SqlValue(string? value) => new(SqlType.Text, value);

    public static implicit operator SqlValue(long value) => new(SqlType.Number, value);

    public static implicit operator SqlValue(long? value) => new(SqlType.Number, value);

    public static implicit operator SqlValue(int value) => new(SqlType.Number, (long)value);

    public static implicit operator SqlValue(int? value) => new(SqlType.Number, (long?)value);

    public static implicit operator SqlValue(bool value) => new(SqlType.Boolean, value);

    public static implicit operator SqlValue(byte[]? value) => new(SqlType.Bytes, value);
}

/// <summary>The types of statement parameters.</summary>
public enum SqlType
{
    Text,
    Number,
    Boolean,
    Bytes,
}
