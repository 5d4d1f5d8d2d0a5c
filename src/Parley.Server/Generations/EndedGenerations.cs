using System.Threading.Channels;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Streaming.Generations;

namespace Parley.Server.Generations;

/// <summary>Tells the feed which conversations have changed because an answer in them has ended.</summary>
internal sealed partial class EndedGenerations(
    GenerationRunner runner,
    ChangeFeed feed,
    IDatabase database,
    ILogger<EndedGenerations> logger
) : BackgroundService
{
    private const int MaxWaiting = 10_000;

    private readonly Channel<GenerationId> _ended = Channel.CreateBounded<GenerationId>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest }
    );

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        runner.Ended += OnEnded;
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        runner.Ended -= OnEnded;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _ended.Reader.WaitToReadAsync(stoppingToken))
        {
            try
            {
                while (_ended.Reader.TryRead(out var id))
                {
                    await AnnounceAsync(id, stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
            }
        }
    }

    private void OnEnded(GenerationId id, GenerationEnded end)
    {
        if (feed.HasAnyListener)
        {
            _ended.Writer.TryWrite(id);
        }
    }

    private async Task AnnounceAsync(GenerationId id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenSystemAsync(cancellationToken);
        var found = await session.QueryAsync(
            """
            SELECT g.tenant_id, g.owner_id, g.conversation_id FROM generations g JOIN conversations c ON c.id = g.conversation_id
            WHERE g.id = @id AND c.kind = 'chat'
            """,
            static row => (Owner: new Owner(row.GetString(0), row.GetString(1)), Conversation: row.GetString(2)),
            ("@id", id.ToString())
        );
        foreach (var (owner, conversation) in found)
        {
            feed.Changed(owner, conversation);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of a generation could not be announced to the feed.")]
    private partial void LogFailed(Exception exception);
}
