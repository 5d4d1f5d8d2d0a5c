using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data;

/// <summary>Deletes what has had its time, every five minutes. Whether something has expired is asked wherever it is read; this only makes room.</summary>
internal sealed partial class Sweeper(ChatStore store, TimeProvider time, ILogger<Sweeper> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private const int MaxAtOnce = 200;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await store.SweepAsync(time.GetUtcNow(), MaxAtOnce) == MaxAtOnce)
                {
                    stoppingToken.ThrowIfCancellationRequested();
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What has expired could not be deleted; it will be tried again.")]
    private partial void LogFailed(Exception exception);
}
