using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;
using Parley.Server.Generations.Commands;
using Parley.Streaming.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>A server process as far as its data goes: a data folder and what opens it.</summary>
internal sealed class SqliteProcess : IDataProcess, IDisposable
{
    private static readonly Lazy<byte[]> Empty = new(CreateEmpty);
    private readonly SqliteFolder _folder;
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
        _folder = new SqliteFolder(Microsoft.Extensions.Options.Options.Create(options));
        Writer = new SqliteWriter(_folder, NullLogger<SqliteWriter>.Instance);
        Database = new SqliteDatabase(_folder, Writer);
        Store = new SqliteGenerationStore(
            _folder,
            Database,
            Writer,
            NodeIdentity.Create(),
            Microsoft.Extensions.Options.Options.Create(new GenerationOptions { Lease = TimeSpan.FromMinutes(10) }),
            TimeProvider.System
        );
        Chats = new ChatStore(Database, Store);
    }

    public string Folder { get; }

    public DatabaseOptions Options { get; }

    public SqliteDatabase Database { get; }

    public SqliteWriter Writer { get; }

    public SqliteGenerationStore Store { get; }

    public ChatStore Chats { get; }

    IGenerationStore IDataProcess.Store => Store;

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
            null,
            static _ => ValueTask.FromResult(0),
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
    public async Task<(GenerationId Id, Owner Owner, string ConversationId)> StartAsync(string model = "demo/parley", string owner = "u_1")
    {
        var command = NewConversation(model, owner);
        var started = Assert.IsType<StartResult.Started>(await Chats.StartAsync(command, static () => true)).Generation;
        return (started.Id, command.Owner, started.Info.ConversationId);
    }

    public static BeginConversation NewConversation(string model = "demo/parley", string owner = "u_1") =>
        new()
        {
            Owner = new Owner("t_1", owner),
            Now = TimeProvider.System.GetUtcNow(),
            ChooseModel = _ => model,
            Fingerprint = "f",
            Conversation = new NewConversation(null, ConversationKind.Chat, null, []),
            Message = new NewMessage("A question?"),
        };

    public Task<long> CountAsync(string table) =>
        Writer.RunAsync(null, session => session.FirstAsync($"SELECT count(*) FROM {table}", row => row.GetInt64(0)));

    /// <summary>Runs a statement on the writer's connection, in a transaction.</summary>
    public Task<int> RunAsync(string sql, params (string Name, SqlValue Value)[] parameters) =>
        Writer.RunAsync(null, session => session.RunAsync(sql, parameters));

    /// <summary>Lets the database grow to so many pages; 1 refuses to grow at all.</summary>
    public Task<long> SetMaxPagesAsync(int pages) =>
        Writer.RunAsync(null, session => session.FirstAsync($"PRAGMA max_page_count = {pages}", row => row.GetInt64(0)));

    async Task<IDataProcess> IDataProcess.KillAsync() => await CrashAsync();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

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
        _folder.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>What the migrations make of nothing: copying it costs less than making it for each test.</summary>
    private static byte[] CreateEmpty()
    {
        var folder = NewFolder();
        using (var data = new SqliteFolder(Microsoft.Extensions.Options.Options.Create(new DatabaseOptions { Folder = folder })))
        using (new SqliteWriter(data, NullLogger<SqliteWriter>.Instance)) { }

        var bytes = File.ReadAllBytes(Path.Combine(folder, "parley.db"));
        Directory.Delete(folder, recursive: true);
        return bytes;
    }
}
