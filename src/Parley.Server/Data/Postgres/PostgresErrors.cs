using System.Net.Sockets;
using Npgsql;

namespace Parley.Server.Data.Postgres;

/// <summary>Classifies failures of PostgreSQL.</summary>
internal static class PostgresErrors
{
    /// <summary>
    /// PostgreSQL refused the statement, so its transaction has changed nothing. Otherwise the outcome is not known: the connection failed
    /// before the reply.
    /// </summary>
    public static bool IsRefusal(Exception exception) => exception is PostgresException { InvariantSeverity: "ERROR" };

    /// <summary>The connection is lost, and perhaps other connections of the pool.</summary>
    public static bool IsLostConnection(Exception exception) =>
        exception is SocketException or IOException
        || exception
            is NpgsqlException { InnerException: not TimeoutException }
                and (not PostgresException or PostgresException { InvariantSeverity: not "ERROR" });

    /// <summary>Two transactions conflicted. The refused one succeeds when it is repeated.</summary>
    public static bool IsConflict(Exception exception) =>
        exception
            is PostgresException
            {
                SqlState: PostgresErrorCodes.SerializationFailure
                    or PostgresErrorCodes.DeadlockDetected
                    or PostgresErrorCodes.UniqueViolation
                    or PostgresErrorCodes.ForeignKeyViolation
            };

    /// <summary>The lock timeout: another transaction has locked a row.</summary>
    public static bool IsLocked(Exception? exception) => exception is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    /// <summary>The server is read-only: it is a standby, or a former primary.</summary>
    public static bool IsReadOnly(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>
    /// Converts a failure of the database into <see cref="DatabaseUnavailableException"/>. Errors in a statement or a value are returned
    /// unchanged.
    /// </summary>
    public static Exception Translate(Exception exception) =>
        exception switch
        {
            PostgresException { SqlState: ['2', '2' or '3', ..] or ['4', '2', ..] } => exception,
            NpgsqlException or SocketException or IOException or TimeoutException => new DatabaseUnavailableException(
                Describe(exception),
                exception
            ),
            _ => exception,
        };

    /// <summary>
    /// A sentence for logs and for the operator: what happened, without user names, passwords or values.
    /// </summary>
    public static string Describe(Exception exception) =>
        exception switch
        {
            PostgresException { SqlState: PostgresErrorCodes.DiskFull } => "PostgreSQL has no disk space left.",
            PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } => "PostgreSQL accepts no more connections.",
            PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => "PostgreSQL is read-only.",
            PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow } => "PostgreSQL is starting up or shutting down.",
            PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => "The database does not exist in PostgreSQL.",
            PostgresException { SqlState: ['2', '8', ..] } => "PostgreSQL refused the user name or the password.",
            PostgresException { SqlState: PostgresErrorCodes.DuplicatePreparedStatement or PostgresErrorCodes.InvalidSqlStatementName } =>
                "A prepared statement was lost. If the connection goes through PgBouncer in transaction mode, set Database:PgBouncer to true.",
            PostgresException { SqlState: var state } => $"PostgreSQL refused to work (SQLSTATE {state}).",
            NpgsqlException { InnerException: TimeoutException } or TimeoutException => "PostgreSQL did not answer in time.",
            _ => "PostgreSQL cannot be reached.",
        };
}
