namespace Parley.Testing.Generations;

/// <summary>The one timeout of the tests: what takes longer is considered to hang. No test waits for time to pass.</summary>
public static class Patience
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task Soon(this Task task) => task.WaitAsync(Limit, Cancel);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Limit, Cancel);

    public static Task<T> Soon<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Limit, Cancel);

    public static Task Soon(this ValueTask task) => task.AsTask().WaitAsync(Limit, Cancel);

    /// <summary>Lets other tasks run until a condition is true, where nothing signals it.</summary>
    public static async Task Until(Func<bool> condition)
    {
        var end = TimeProvider.System.GetTimestamp() + (long)(Limit.TotalSeconds * TimeProvider.System.TimestampFrequency);
        while (!condition())
        {
            Cancel.ThrowIfCancellationRequested();
            Assert.True(TimeProvider.System.GetTimestamp() < end, "It did not become true.");
            await Task.Yield();
        }
    }

    /// <summary>Runs a test with many seeds, one after the other, and reports the seed that failed.</summary>
    public static async Task Seeds(int count, Func<Random, Task> run)
    {
        // PARLEY_SEED runs a single seed.
        var only = Environment.GetEnvironmentVariable("PARLEY_SEED");
        for (var seed = 1; seed <= count; seed++)
        {
            if (only is not null && only != seed.ToString(System.Globalization.CultureInfo.InvariantCulture))
            {
                continue;
            }

            try
            {
                await run(new Random(seed));
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                throw new InvalidOperationException($"PARLEY_SEED={seed}: {error.Message}", error);
            }
        }
    }
}
