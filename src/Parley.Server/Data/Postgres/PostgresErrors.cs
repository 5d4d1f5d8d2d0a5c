using System.Net.Sockets;
using Npgsql;

namespace Parley.Server.Data.Postgres;

/// <summary>What failures of PostgreSQL mean.</summary>
internal static class PostgresErrors
{
    /// <summary>
    /// The statement was refused, so its transaction has changed nothing. Otherwise it isn't known: the connection failed before the reply.
    /// </summary>
    public static bool IsRefusal(Exception exception) => exception is PostgresException { InvariantSeverity: "ERROR" };

    /// <summary>The connection is lost, and perhaps others of the pool with it.</summary>
    public static bool IsLostConnection(Exception exception) =>
        exception is SocketException or IOException
        || exception
            is NpgsqlException { InnerException: not TimeoutException }
                and (not PostgresException or PostgresException { InvariantSeverity: not "ERROR" });

    /// <summary>Two transactions stood in each other's way. The one that was refused succeeds when it is repeated.</summary>
    public static bool IsConflict(Exception exception) =>
        exception
            is PostgresException
            {
                SqlState: PostgresErrorCodes.SerializationFailure
                    or PostgresErrorCodes.DeadlockDetected
                    or PostgresErrorCodes.UniqueViolation
                    or PostgresErrorCodes.ForeignKeyViolation
            };

    /// <summary>A row is locked by another transaction, for longer than this one waits.</summary>
    public static bool IsLocked(Exception? exception) => exception is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    /// <summary>The server takes no writes: it was the primary once, or is one that was told so.</summary>
    public static bool IsReadOnly(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>
    /// The exception that the rest of the server knows. A mistake in a statement or a value isn't a failure of the database and stays what
    /// it is.
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
    /// A sentence for logs and for the one who starts the server: what happened, without user names, passwords or values.
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
