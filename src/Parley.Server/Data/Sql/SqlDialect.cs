namespace Parley.Server.Data.Sql;

/// <summary>The differences between the databases in otherwise shared SQL.</summary>
/// <param name="Now">The database's clock: milliseconds since 1970, as a SQL expression.</param>
/// <param name="LockRows">The clause at the end of a SELECT that locks its rows until the end of the transaction; empty where writers are
/// serialized anyway.</param>
public sealed record SqlDialect(string Now, string LockRows);
