using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;
using Parley.Streaming.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>A server process as far as its data goes: a data folder and what opens it.</summary>
internal sealed class SqliteProcess : IDisposable
{
    private static readonly Lazy<byte[]> Empty = new(CreateEmpty);
    private bool _disposed;

    private SqliteProcess(string folder, DatabaseOptions options)
    {
        options = new DatabaseOptions
        {
            Folder = folder,
            JournalBytes = options.JournalBytes,
            SegmentBytes = options.SegmentBytes,
            Durability = options.Durability,
        };
        Folder = folder;
        Options = options;
        Database = new SqliteDatabase(Microsoft.Extensions.Options.Options.Create(options));
        Writer = new SqliteWriter(Database, NullLogger<SqliteWriter>.Instance);
        var node = NodeIdentity.Create();
        Store = new SqliteGenerationStore(
            Database,
            Writer,
            node,
            Microsoft.Extensions.Options.Options.Create(new GenerationOptions { Lease = TimeSpan.FromMinutes(10) }),
            TimeProvider.System
        );
        Chats = new ChatStore(Writer, Store, node);
    }

    public string Folder { get; }

    public DatabaseOptions Options { get; }

    public SqliteDatabase Database { get; }

    public SqliteWriter Writer { get; }

    public SqliteGenerationStore Store { get; }

    public ChatStore Chats { get; }

    /// <summary>A new folder with an empty database.</summary>
    public static SqliteProcess Create(DatabaseOptions? options = null)
    {
        var folder = NewFolder();
        File.WriteAllBytes(Path.Combine(folder, "parley.db"), Empty.Value);
        return new SqliteProcess(folder, options ?? new DatabaseOptions());
    }

    /// <summary>Opens a folder that is there.</summary>
    public static SqliteProcess Open(string folder, DatabaseOptions? options = null) => new(folder, options ?? new DatabaseOptions());

    public static string NewFolder() => Directory.CreateTempSubdirectory("parley-test-").FullName;

    /// <summary>This process ends as a kill ends it: what is on the disk now is what the next one finds. Returns the next one.</summary>
    public async Task<SqliteProcess> CrashAsync()
    {
        var next = await ImageAsync();
        Dispose();
        return Open(next, Options);
    }

    /// <summary>The files as they are at this moment, between two commits, in another folder.</summary>
    public async Task<string> ImageAsync()
    {
        var next = NewFolder();
        await Writer.RunAsync(
            (SqliteSession _) => 0,
            _ =>
            {
                foreach (var file in new[] { "parley.db", "parley.db-wal" })
                {
                    if (File.Exists(Path.Combine(Folder, file)))
                    {
                        File.Copy(Path.Combine(Folder, file), Path.Combine(next, file));
                    }
                }
            }
        );
        return next;
    }

    /// <summary>A conversation with a question, and a generation that answers it.</summary>
    public async Task<(GenerationId Id, StartRequest Start)> StartAsync(string model = "demo/parley", string owner = "u_1")
    {
        var id = GenerationId.New(TimeProvider.System.GetUtcNow());
        var start = new StartRequest
        {
            TenantId = "t_1",
            OwnerId = owner,
            Now = TimeProvider.System.GetUtcNow(),
            ConversationId = Guid.NewGuid().ToString(),
            IsNewConversation = true,
            UserText = "A question?",
            UserMessageId = Guid.NewGuid().ToString(),
            MessageId = Guid.NewGuid().ToString(),
            GenerationId = id.ToString(),
            Model = model,
            Fingerprint = "f",
        };
        Assert.IsType<StartResult.Started>(await Chats.StartGenerationAsync(start));
        return (id, start);
    }

    public async Task<long> CountAsync(string table) =>
        await Writer.RunAsync((SqliteSession session) => session.Query($"SELECT count(*) FROM {table}", row => row.GetInt64(0))[0]);

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Store.Dispose();
        Writer.Dispose();
        Database.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>What the migrations make of nothing: copying it costs less than making it for each test.</summary>
    private static byte[] CreateEmpty()
    {
        var folder = NewFolder();
        using (var database = new SqliteDatabase(Microsoft.Extensions.Options.Options.Create(new DatabaseOptions { Folder = folder })))
        using (new SqliteWriter(database, NullLogger<SqliteWriter>.Instance)) { }

        var bytes = File.ReadAllBytes(Path.Combine(folder, "parley.db"));
        Directory.Delete(folder, recursive: true);
        return bytes;
    }
}
