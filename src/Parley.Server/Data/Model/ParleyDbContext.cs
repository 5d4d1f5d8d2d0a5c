using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Parley.Server.Data.Model;

/// <summary>The database for queries with Entity Framework. Names are snake_case; times are milliseconds since 1970.</summary>
public class ParleyDbContext(DbContextOptions options) : DbContext(options)
{
    /// <summary>
    /// The owner whose conversations, messages, generations and sessions are queried: a query filter excludes all others.
    /// </summary>
    public Owner Owner { get; set; }

    /// <summary>The conversation with this id or client's name; null when the owner has none.</summary>
    public Task<Conversation?> FindConversationAsync(string idOrName, CancellationToken cancellationToken) =>
        Conversations.AsNoTracking().FirstOrDefaultAsync(row => row.Id == idOrName || row.ExternalId == idOrName, cancellationToken);

    public DbSet<User> Users => Set<User>();
    public DbSet<Conversation> Conversations => Set<Conversation>();
    public DbSet<Message> Messages => Set<Message>();
    public DbSet<Generation> Generations => Set<Generation>();
    public DbSet<IdempotencyKey> IdempotencyKeys => Set<IdempotencyKey>();
    public DbSet<ChatSession> ChatSessions => Set<ChatSession>();
    public DbSet<Node> Nodes => Set<Node>();
    public DbSet<GenerationSegment> GenerationSegments => Set<GenerationSegment>();
    public DbSet<JournalBatch> GenerationJournal => Set<JournalBatch>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<User>().HasIndex(user => new { user.TenantId, user.Id });
        modelBuilder.Entity<Conversation>(conversation =>
        {
            conversation.HasIndex(row => new
            {
                row.TenantId,
                row.OwnerId,
                row.Kind,
                row.UpdatedAt,
                row.Id,
            });
            conversation
                .HasIndex(row => new
                {
                    row.TenantId,
                    row.OwnerId,
                    row.ExternalId,
                })
                .IsUnique()
                .HasFilter("external_id IS NOT NULL");
            conversation.HasIndex(row => row.ExpiresAt).HasFilter("expires_at IS NOT NULL");
            conversation.Property(row => row.Kind).HasDefaultValue(ConversationKind.Chat);
        });
        modelBuilder.Entity<ChatSession>(session =>
        {
            session.HasIndex(row => row.ConversationId);
            session.HasIndex(row => row.ExpiresAt);
            session.HasIndex(row => row.OwnerId);
            session.HasOne<Conversation>().WithMany().HasForeignKey(row => row.ConversationId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<Message>(message =>
        {
            message.HasIndex(row => new { row.ConversationId, row.Sequence }).IsUnique();
            message.HasIndex(row => new { row.ConversationId, row.ParentId });
            message.HasIndex(row => new { row.ConversationId, row.ExternalId }).HasFilter("external_id IS NOT NULL");
            message.HasOne<Conversation>().WithMany().HasForeignKey(row => row.ConversationId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<Generation>(generation =>
        {
            generation.HasKey(row => row.Key);
            generation.HasIndex(row => row.Id).IsUnique();
            generation.HasIndex(row => row.ConversationId);
            generation.HasIndex(row => row.Status).HasFilter("status = 'running'");
            generation.HasOne<Conversation>().WithMany().HasForeignKey(row => row.ConversationId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<IdempotencyKey>().HasKey(row => new { row.OwnerId, row.Key });
        modelBuilder.Entity<GenerationSegment>(segment =>
        {
            segment.HasIndex(row => new { row.GenerationKey, row.Start }).IsUnique();
            segment.HasOne<Generation>().WithMany().HasForeignKey(row => row.GenerationKey).OnDelete(DeleteBehavior.Cascade);
        });

        modelBuilder.Entity<Conversation>().HasQueryFilter(row => row.TenantId == Owner.TenantId && row.OwnerId == Owner.UserId);
        modelBuilder.Entity<Message>().HasQueryFilter(row => row.TenantId == Owner.TenantId && row.OwnerId == Owner.UserId);
        modelBuilder.Entity<Generation>().HasQueryFilter(row => row.TenantId == Owner.TenantId && row.OwnerId == Owner.UserId);
        modelBuilder.Entity<ChatSession>().HasQueryFilter(row => row.TenantId == Owner.TenantId && row.OwnerId == Owner.UserId);

        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            entity.SetTableName(Snake(entity.GetTableName()!));
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(Snake(property.Name));
            }
        }
    }

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private sealed class UnixMilliseconds()
        : ValueConverter<DateTimeOffset, long>(
            time => time.ToUnixTimeMilliseconds(),
            milliseconds => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
        );
}
