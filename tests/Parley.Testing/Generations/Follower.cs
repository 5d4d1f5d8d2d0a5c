using Parley.Streaming.Generations;

namespace Parley.Testing.Generations;

/// <summary>A reader that keeps what it reads, and checks that slices follow each other without gap or overlap.</summary>
public sealed class Follower
{
    private readonly GenerationRunner _runner;
    private readonly GenerationId _id;
    private readonly CancellationTokenSource _leave = CancellationTokenSource.CreateLinkedTokenSource(Patience.Cancel);
    private readonly Lock _gate = new();
    private readonly List<byte> _bytes = [];
    private readonly List<PositionedEntry> _controls = [];
    private readonly List<(long Position, TaskCompletionSource Signal)> _waiting = [];
    private long _position;

    public Follower(GenerationRunner runner, GenerationId id, long from = 0)
    {
        (_runner, _id, From, _position) = (runner, id, from, from);
        Done = Task.Run(RunAsync);
    }

    public long From { get; }

    /// <summary>Completes with the final state of the reader; <see cref="LogReaderState.Following"/> when it left.</summary>
    public Task<LogReaderState> Done { get; }

    public int Slices { get; private set; }

    public long Position
    {
        get
        {
            lock (_gate)
            {
                return _position;
            }
        }
    }

    /// <summary>What it has read so far.</summary>
    public (byte[] Bytes, PositionedEntry[] Controls) Seen
    {
        get
        {
            lock (_gate)
            {
                return ([.. _bytes], [.. _controls]);
            }
        }
    }

    public static async Task<LogSnapshot> ReadToEndAsync(GenerationRunner runner, GenerationId id)
    {
        var follower = new Follower(runner, id);
        Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
        return new LogSnapshot(follower.Seen.Bytes, follower.Seen.Controls);
    }

    /// <summary>Completes when it has read up to this position.</summary>
    public Task Reached(long position)
    {
        lock (_gate)
        {
            if (_position >= position)
            {
                return Task.CompletedTask;
            }

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((position, signal));
            return Task.WhenAny(signal.Task, Done).Unwrap().Soon();
        }
    }

    public async Task LeaveAsync()
    {
        await _leave.CancelAsync();
        await Done.Soon();
    }

    /// <summary>Asserts that what it read is in the log, at the same positions.</summary>
    public void AssertSawPartOf(LogSnapshot log)
    {
        var (bytes, controls) = Seen;
        Assert.InRange(From + bytes.Length, From, log.End);
        Assert.True(
            log.Bytes.Span[(int)From..(int)(From + bytes.Length)].SequenceEqual(bytes),
            $"What was seen from {From} to {From + bytes.Length} is not what the log has there."
        );
        Assert.Equal(log.Controls.Where(control => control.Position >= From && control.Position < From + bytes.Length), controls);
    }

    private async Task<LogReaderState> RunAsync()
    {
        using var reader = _runner.Follow(_id, _position, _leave.Token);
        try
        {
            while (true)
            {
                while (reader.TryRead(out var slice))
                {
                    Take(slice);
                }

                if (reader.State != LogReaderState.Following)
                {
                    return reader.State;
                }

                await reader.WaitAsync();
            }
        }
        catch (OperationCanceledException) when (_leave.IsCancellationRequested)
        {
            return LogReaderState.Following;
        }
    }

    private void Take(LogSlice slice)
    {
        lock (_gate)
        {
            Assert.Equal(_position, slice.From);
            Assert.NotEqual(0, slice.Bytes.Length);
            Assert.True(LogSlice.IsBoundary(slice.Bytes.Span[0]), $"{slice.From} is inside a character.");
            _bytes.AddRange(slice.Bytes.Span);
            _controls.AddRange(slice.Controls.Span);
            _position = slice.To;
            Slices++;
            foreach (var (_, signal) in _waiting.Where(one => one.Position <= _position))
            {
                signal.TrySetResult();
            }

            _waiting.RemoveAll(one => one.Position <= _position);
        }
    }
}
