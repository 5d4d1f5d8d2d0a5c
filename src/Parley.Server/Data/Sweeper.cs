using Microsoft.Data.Sqlite;
using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;

namespace Parley.Server.Data;

/// <summary>Deletes what has had its time, every five minutes. Whether something has expired is asked wherever it is read; this only makes room.</summary>
internal sealed partial class Sweeper(ChatStore store, TimeProvider time, ILogger<Sweeper> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private const int MostAtOnce = 200;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await store.SweepAsync(time.GetUtcNow(), MostAtOnce) == MostAtOnce)
                {
                    stoppingToken.ThrowIfCancellationRequested();
                }
            }
            catch (Exception error) when (error is SqliteException or DatabaseBusyException)
            {
                LogFailed(error);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What has expired could not be deleted; it will be tried again.")]
    private partial void LogFailed(Exception error);
}
