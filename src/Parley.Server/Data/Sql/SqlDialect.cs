namespace Parley.Server.Data.Sql;

/// <summary>What differs between the databases in SQL that is otherwise the same.</summary>
/// <param name="Now">The database's clock: milliseconds since 1970, as a SQL expression.</param>
/// <param name="LockRows">What ends a SELECT that locks the rows that it reads until the end of the transaction; empty where writers exclude each other anyway.</param>
public sealed record SqlDialect(string Now, string LockRows);
