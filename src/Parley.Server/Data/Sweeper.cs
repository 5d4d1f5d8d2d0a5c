using Parley.Server.Data.Sql;

namespace Parley.Server.Data;

/// <summary>Deletes expired rows every five minutes. Reads check the expiry themselves; this only frees space.</summary>
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired rows could not be deleted; the next sweep tries again.")]
    private partial void LogFailed(Exception exception);
}
