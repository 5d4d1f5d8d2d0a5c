using Parley.Server.Data.Sql;

namespace Parley.Server.Data;

/// <summary>
/// A database: connections that read, and transactions that write. SQL above it is one text for all implementations;
/// <see cref="SqlDialect"/> has the differences. Implementations are safe for concurrent use. Failures of the database, and only those, are
/// <see cref="DatabaseUnavailableException"/>.
/// </summary>
public interface IDatabase
{
    /// <summary>The differences in SQL.</summary>
    SqlDialect Dialect { get; }

    /// <summary>
    /// Opens a connection that reads the rows of <paramref name="owner"/>: each statement has the parameters <c>@tenant</c> and
    /// <c>@owner</c>. Disposing it returns the connection.
    /// </summary>
    ValueTask<SqlSession> OpenAsync(Owner owner, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a connection that reads all rows: for the log store and for maintenance, never for a person's request. Disposing it returns
    /// the connection.
    /// </summary>
    ValueTask<SqlSession> OpenSystemAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Runs <paramref name="work"/> in one transaction, and returns its result once it is committed; on a failure it is rolled back. It may
    /// run more than once (when the transaction must be repeated) but is committed once. It is not cancelled once it has started.
    /// </summary>
    /// <param name="owner">The owner whose rows it reads and changes, as for <see cref="OpenAsync"/>; null for maintenance.</param>
    /// <param name="work">Reads and writes through the given session, and awaits nothing else.</param>
    /// <param name="committed">Runs once after the commit, before the caller continues. It must not wait or throw.</param>
    Task<T> WriteAsync<T>(Owner? owner, Func<SqlSession, ValueTask<T>> work, Action<T>? committed = null);

    /// <summary>Opens a context that reads only the rows of <paramref name="owner"/>.</summary>
    ValueTask<Model.ParleyDbContext> OpenContextAsync(Owner owner, CancellationToken cancellationToken);

    /// <summary>Whether the database answers a query now.</summary>
    Task<bool> IsAvailableAsync(CancellationToken cancellationToken);
}
