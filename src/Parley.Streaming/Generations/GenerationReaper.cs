using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Parley.Streaming.Generations;

/// <summary>
/// Renews this node's lease and adopts the generations of nodes that are gone: a generation is continued where its model takes a prefix;
/// otherwise it ends as interrupted and its text is kept. The first sweep is complete before the host takes requests.
/// </summary>
public sealed partial class GenerationReaper(
    IGenerationStore store,
    GenerationRunner runner,
    IRequestSource requests,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    ILogger<GenerationReaper> logger
) : BackgroundService
{
    private const int BatchSize = 64;
    private readonly GenerationOptions _options = options.Value;
    private readonly List<AbandonedGeneration> _waiting = [];

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
            catch (Exception exception)
            {
                LogSweepFailed(exception);
            }
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await store.ReleaseLeaseAsync(cancellationToken);
    }

    /// <summary>
    /// Renews the lease, then adopts all generations that are abandoned now, and continues or ends each. No other node looks at an adopted
    /// generation: one that cannot be continued now is kept for the next sweep and does not hold up the others.
    /// </summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await store.RenewLeaseAsync(cancellationToken);
            foreach (var abandoned in _waiting.ToArray())
            {
                try
                {
                    await ContinueAsync(abandoned, cancellationToken);
                    _waiting.Remove(abandoned);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    LogAdoptionFailed(exception, abandoned.Id);
                }
            }

            var adopted = await store.AdoptAbandonedAsync(BatchSize, cancellationToken);
            _waiting.RemoveAll(old => adopted.Any(abandoned => abandoned.Id == old.Id));
            _waiting.AddRange(adopted);
            if (adopted.Count == 0)
            {
                return;
            }
        }
    }

    private async ValueTask ContinueAsync(AbandonedGeneration abandoned, CancellationToken cancellationToken)
    {
        var request = await requests.LoadAsync(abandoned.Id, cancellationToken);
        if (abandoned.Adoptions > _options.MaxAdoptions)
        {
            LogInterrupted(abandoned.Id, abandoned.Log.End, "it was adopted too often");
            await runner.InterruptAsync(abandoned, Interrupted("It was interrupted several times in a row."), cancellationToken);
        }
        else if (request is null || !CanContinue(abandoned.Log, request))
        {
            LogInterrupted(abandoned.Id, abandoned.Log.End, "the model cannot continue it");
            await runner.InterruptAsync(abandoned, Interrupted("The server stopped while it was being written."), cancellationToken);
        }
        else
        {
            LogAdopted(abandoned.Id, abandoned.Log.End, abandoned.Adoptions);
            runner.Adopt(abandoned, request);
        }
    }

    /// <summary>
    /// Whether asking again is safe: nothing was shown yet, or the model continues a prefix and no tool call waits for its result. A tool
    /// that may have run must not run again.
    /// </summary>
    private static bool CanContinue(LogSnapshot log, GenerationRequest request) =>
        log.End == 0 || (request.AcceptsPrefix && log.OpenCalls().Count == 0);

    private static GenerationError Interrupted(string reason) =>
        new(FailureCodes.Interrupted, $"{reason} What came is kept; you can continue it.", Retryable: true);

    [LoggerMessage(Level = LogLevel.Information, Message = "Adopted generation {Generation} at position {Position} (adoption {Adoption}).")]
    private partial void LogAdopted(GenerationId generation, long position, int adoption);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Generation {Generation} was abandoned at {Position} and ends as interrupted: {Reason}."
    )]
    private partial void LogInterrupted(GenerationId generation, long position, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Adopting generation {Generation} failed; the next sweep retries.")]
    private partial void LogAdoptionFailed(Exception exception, GenerationId generation);

    [LoggerMessage(Level = LogLevel.Error, Message = "A sweep for abandoned generations failed; the next sweep retries.")]
    private partial void LogSweepFailed(Exception exception);
}
