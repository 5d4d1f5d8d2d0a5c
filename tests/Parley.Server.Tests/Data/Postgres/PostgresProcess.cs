using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Data;
using Parley.Server.Data.Postgres;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Tests.Data.Postgres;

/// <summary>A server process as far as its data goes: a node on a database, which others may share.</summary>
internal sealed class PostgresProcess : IDataProcess
{
    private readonly string _connectionString;
    private readonly TimeSpan _lease;

    private PostgresProcess(TestDatabase data, string connectionString, DatabaseOptions options, TimeSpan lease, TimeProvider time)
    {
        (Data, _connectionString, _lease) = (data, connectionString, lease);
        Options = new DatabaseOptions
        {
            ConnectionString = connectionString,
            JournalBytes = options.JournalBytes,
            SegmentBytes = options.SegmentBytes,
            MaxConnections = 12,
        };
        var wrapped = Microsoft.Extensions.Options.Options.Create(Options);
        Database = new PostgresDatabase(wrapped, TimeProvider.System);
        Store = new PostgresGenerationStore(
            Database,
            NodeIdentity.Create(),
            wrapped,
            Microsoft.Extensions.Options.Options.Create(new GenerationOptions { Lease = lease }),
            time,
            NullLogger<PostgresGenerationStore>.Instance
        );
        Chats = new ChatStore(Database, Store);
    }

    public TestDatabase Data { get; }

    public DatabaseOptions Options { get; }

    public PostgresDatabase Database { get; }

    public PostgresGenerationStore Store { get; }

    public ChatStore Chats { get; }

    IGenerationStore IDataProcess.Store => Store;

    /// <summary>A node on a database.</summary>
    /// <param name="data">The database.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="connectionString">The way there, where it isn't the direct one.</param>
    /// <param name="lease">How long its lease lasts.</param>
    /// <param name="time">The clock of its store.</param>
    public static PostgresProcess Open(
        TestDatabase data,
        DatabaseOptions? options = null,
        string? connectionString = null,
        TimeSpan? lease = null,
        TimeProvider? time = null
    ) =>
        new(
            data,
            connectionString ?? data.ConnectionString,
            options ?? new DatabaseOptions(),
            lease ?? TimeSpan.FromMinutes(10),
            time ?? TimeProvider.System
        );

    /// <summary>This process ends as a kill ends it, and its lease is over. Returns the one that is started next.</summary>
    public async Task<PostgresProcess> CrashAsync()
    {
        await DisposeAsync();
        await Data.TerminateAsync();
        await ExpireAsync();
        return Open(Data, Options, _connectionString, _lease);
    }

    async Task<IDataProcess> IDataProcess.KillAsync() => await CrashAsync();

    /// <summary>The lease of this process is over, as after a time in which it didn't renew it.</summary>
    public Task ExpireAsync() => Data.RunAsync($"UPDATE nodes SET lease_until = 0 WHERE id = '{Store.NodeId}'");

    /// <summary>A conversation with a question, and a generation that answers it.</summary>
    public async Task<(GenerationId Id, Owner Owner, string ConversationId)> StartAsync(string model = "demo/parley", string owner = "u_1")
    {
        var command = SqliteProcess.NewConversation(model, owner);
        var started = Assert.IsType<StartResult.Started>(await Chats.StartAsync(command, static () => true)).Generation;
        return (started.Id, command.Owner, started.Info.ConversationId);
    }

    public Task<long> CountAsync(string table) => Data.ReadAsync<long>($"SELECT count(*) FROM {table}");

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await Database.DisposeAsync();
    }
}
