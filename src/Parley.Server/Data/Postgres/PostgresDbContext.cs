using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Parley.Server.Data.Model;
#if MIGRATIONS
using Microsoft.EntityFrameworkCore.Design;
#endif

namespace Parley.Server.Data.Postgres;

/// <summary>The context with PostgreSQL's own migrations. Text is compared and ordered by its bytes, as in SQLite.</summary>
public sealed class PostgresDbContext(DbContextOptions<PostgresDbContext> options) : ParleyDbContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<string>().UseCollation("C").HaveConversion<StorableText>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Ignore<JournalBatch>();
        modelBuilder.Entity<NodeJournalBatch>(batch =>
        {
            batch.ToTable("generation_journal");
            batch.HasKey(row => new { row.NodeId, row.Seq });

            // Rows of up to 8 KB are stored inline, not in the TOAST table.
            batch.HasStorageParameter("toast_tuple_target", 8160);
        });
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<Generation>(generation =>
        {
            generation.Property(row => row.Id).IsRequired();

            // Running generations are looked up by their node.
            generation.Metadata.RemoveIndex([generation.Metadata.FindProperty(nameof(Generation.Status))!]);
            generation.HasIndex(row => row.NodeId).HasFilter("status = 'running'");
        });
    }
}

/// <summary>Converts text to what PostgreSQL can store. Parameters of queries are converted too.</summary>
internal sealed class StorableText() : ValueConverter<string, string>(text => PostgresText.Storable(text), text => text);

/// <summary>One group commit of one node. A row with its key proves that the commit succeeded.</summary>
public sealed class NodeJournalBatch
{
    public required string NodeId { get; init; }
    public long Seq { get; init; }
    public required byte[] Slices { get; init; }
}

#if MIGRATIONS
/// <summary>Used only by <c>./dev migrate</c>.</summary>
public sealed class PostgresDesignTimeFactory : IDesignTimeDbContextFactory<PostgresDbContext>
{
    public PostgresDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql("Host=localhost").Options);
}
#endif
