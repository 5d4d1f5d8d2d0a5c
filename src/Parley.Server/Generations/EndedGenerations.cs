using System.Threading.Channels;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Generations;

/// <summary>Announces to the feed the conversations in which a generation has ended.</summary>
internal sealed partial class EndedGenerations(
    GenerationRunner runner,
    ChangeFeed feed,
    ChatQueries chats,
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
        if (feed.HasSubscribers)
        {
            _ended.Writer.TryWrite(id);
        }
    }

    private async Task AnnounceAsync(GenerationId id, CancellationToken cancellationToken)
    {
        if (await chats.ConversationOfAsync(id, cancellationToken) is { } conversation)
        {
            feed.Changed(conversation.Owner, conversation.Id);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of a generation could not be announced to the feed.")]
    private partial void LogFailed(Exception exception);
}
