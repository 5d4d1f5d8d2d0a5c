using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;
using Parley.Testing;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>A long log is loaded once for all its readers, and does not stay in memory.</summary>
public sealed class EndedLogCacheTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly EndedLogCache _cache;
    private int _loads;

    public EndedLogCacheTests() => _cache = new EndedLogCache(_time);

    [Fact]
    public async Task Get_ByManyReadersAtOnce_LoadsTheLogOnce()
    {
        var id = new GenerationId(Guid.NewGuid());
        var release = new TaskCompletionSource();
        var log = Log(100_000);
        var readers = Enumerable
            .Range(0, 300)
            .Select(_ => Task.Run(() => _cache.GetAsync(id, () => LoadAsync(log, release.Task), Patience.Cancel).AsTask(), Patience.Cancel))
            .ToList();
        release.SetResult();
        foreach (var reader in readers)
        {
            Assert.Same(log, await reader.Soon());
        }

        Assert.Equal(1, _loads);
    }

    [Fact]
    public async Task Get_AfterTheLogWasUnused_LoadsItAgain()
    {
        var id = new GenerationId(Guid.NewGuid());
        var log = Log(100_000);
        await GetAsync(id, log);
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(EndedLogCache.MaxIdle / 2);
            await GetAsync(id, log);
        }

        Assert.Equal(1, _loads);
        _time.Advance(EndedLogCache.MaxIdle * 2);
        Assert.Equal(0, _time.ArmedTimers);
        await GetAsync(id, log);
        Assert.Equal(2, _loads);
    }

    [Fact]
    public async Task Get_OfMoreThanTheMaximum_DropsTheLeastRecentlyUsed()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => new GenerationId(Guid.NewGuid())).ToArray();
        var log = Log((int)(EndedLogCache.MaxBytes / 4));
        foreach (var id in ids)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await GetAsync(id, log);
        }

        Assert.Equal(5, _loads);
        await GetAsync(ids[4], log);
        await GetAsync(ids[2], log);
        Assert.Equal(5, _loads);
        await GetAsync(ids[0], log);
        Assert.Equal(6, _loads);
    }

    [Fact]
    public async Task Get_WhoseLoadFails_IsLoadedAgain()
    {
        var id = new GenerationId(Guid.NewGuid());
        await Assert.ThrowsAsync<IOException>(async () =>
            await _cache.GetAsync(id, () => throw new IOException("The database is away."), Patience.Cancel)
        );
        Assert.Null(await _cache.GetAsync(id, () => Task.FromResult<LogSnapshot?>(null), Patience.Cancel));
        var log = Log(100_000);
        Assert.Same(log, await GetAsync(id, log));
    }

    [Fact]
    public async Task Get_Cancelled_DoesNotCancelTheLoadOfOthers()
    {
        var id = new GenerationId(Guid.NewGuid());
        var release = new TaskCompletionSource();
        var log = Log(100_000);
        using var cancel = new CancellationTokenSource();
        var first = _cache.GetAsync(id, () => LoadAsync(log, release.Task), cancel.Token).AsTask();
        var second = _cache.GetAsync(id, () => LoadAsync(log, release.Task), Patience.Cancel).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.SetResult();
        Assert.Same(log, await second.Soon());
        Assert.Equal(1, _loads);
    }

    public void Dispose() => _cache.Dispose();

    private Task<LogSnapshot?> GetAsync(GenerationId id, LogSnapshot log) =>
        _cache.GetAsync(id, () => LoadAsync(log, Task.CompletedTask), Patience.Cancel).Soon();

    private async Task<LogSnapshot?> LoadAsync(LogSnapshot log, Task release)
    {
        Interlocked.Increment(ref _loads);
        await release;
        return log;
    }

    private static LogSnapshot Log(int length) => new LogBuilder().Part(PartKind.Text, new string('x', length - 3)).Completed().Log;
}
