using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Parley.Streaming.Generations;

/// <summary>
/// Keeps this node's lease, and finds generations whose owner is gone: each is continued where its model takes a prefix, otherwise
/// it ends as interrupted, its text kept. The first sweep is done before the host takes requests.
/// </summary>
public sealed partial class GenerationReaper(
    IGenerationStore store,
    GenerationRunner runner,
    IGenerationRequests requests,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    ILogger<GenerationReaper> logger
) : BackgroundService
{
    private const int Batch = 64;
    private readonly GenerationOptions _options = options.Value;
    private readonly List<AbandonedGeneration> _claimed = [];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await SweepAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = _options.SweepInterval < _options.Lease / 3 ? _options.SweepInterval : _options.Lease / 3;
        using var timer = new PeriodicTimer(pause, time);
        while (true)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(stoppingToken))
                {
                    return;
                }

                await SweepAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogSweepFailed(error);
            }
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await store.ReleaseLeaseAsync(cancellationToken);
    }

    /// <summary>
    /// Renews the lease, then adopts or ends all that is abandoned now. What was claimed belongs to this node, and nobody else will look at it: so what fails
    /// here is kept for the next sweep, and holds up nothing else.
    /// </summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await store.RenewLeaseAsync(cancellationToken);
            foreach (var abandoned in _claimed.ToArray())
            {
                try
                {
                    await TakeOverAsync(abandoned, cancellationToken);
                    _claimed.Remove(abandoned);
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    LogTakeOverFailed(error, abandoned.Id);
                }
            }

            var claimed = await store.ClaimAbandonedAsync(Batch, cancellationToken);
            _claimed.RemoveAll(old => claimed.Any(abandoned => abandoned.Id == old.Id));
            _claimed.AddRange(claimed);
            if (claimed.Count == 0)
            {
                return;
            }
        }
    }

    private async ValueTask TakeOverAsync(AbandonedGeneration abandoned, CancellationToken cancellationToken)
    {
        var request = await requests.LoadAsync(abandoned.Id, cancellationToken);
        if (abandoned.Adoptions > _options.MaxAdoptions)
        {
            LogInterrupted(abandoned.Id, abandoned.Log.End, "adopted too often");
            await runner.InterruptAsync(abandoned, Interrupted("It was interrupted several times in a row."), cancellationToken);
        }
        else if (request is null || !CanGoOn(abandoned.Log, request))
        {
            LogInterrupted(abandoned.Id, abandoned.Log.End, "the model takes no prefix");
            await runner.InterruptAsync(abandoned, Interrupted("The server stopped while it was being written."), cancellationToken);
        }
        else
        {
            LogAdopted(abandoned.Id, abandoned.Log.End, abandoned.Adoptions);
            runner.Adopt(abandoned, request);
        }
    }

    /// <summary>Nothing was shown yet, so asking again is safe; or the model goes on from a prefix and no tool call waits for its result: what a tool has done already must not be done again.</summary>
    private static bool CanGoOn(FoldedLog log, GenerationRequest request) =>
        log.End == 0 || (request.AcceptsPrefix && log.OpenCalls().Count == 0);

    private static GenerationError Interrupted(string why) =>
        new("interrupted", $"{why} What came is kept; you can continue it.", Retryable: true);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Generation {Generation} was abandoned at {Position} and is continued here (adoption {Adoption})."
    )]
    private partial void LogAdopted(GenerationId generation, long position, int adoption);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Generation {Generation} was abandoned at {Position} and ends as interrupted: {Why}."
    )]
    private partial void LogInterrupted(GenerationId generation, long position, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Generation {Generation} could not be taken over; the next sweep tries again.")]
    private partial void LogTakeOverFailed(Exception error, GenerationId generation);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking for abandoned generations failed; the next sweep tries again.")]
    private partial void LogSweepFailed(Exception error);
}
