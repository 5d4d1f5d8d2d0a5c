using Microsoft.EntityFrameworkCore;
using Parley.Server.Data.Model;
#if MIGRATIONS
using Microsoft.EntityFrameworkCore.Design;
#endif

namespace Parley.Server.Data.Sqlite;

/// <summary>The context for SQLite's migrations.</summary>
public sealed class SqliteDbContext(DbContextOptions<SqliteDbContext> options) : ParleyDbContext(options);

#if MIGRATIONS
/// <summary>Used only by <c>./dev migrate</c>.</summary>
public sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteDbContext>
{
    public SqliteDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite("Data Source=:memory:").Options);
}
#endif
