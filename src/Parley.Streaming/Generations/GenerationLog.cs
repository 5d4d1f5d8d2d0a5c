using System.Runtime.InteropServices;
using System.Text;

namespace Parley.Streaming.Generations;

/// <summary>
/// The log of a generation that runs on this node: what its writer has appended, how much of it is committed, and which readers wait for
/// more.
/// </summary>
/// <remarks>
/// One task appends (the runner's), <see cref="LogWriter"/> commits, and any number of <see cref="LogReader"/>s follow. Readers see only
/// what is committed. Bytes below the committed end never change and their arrays are never reused, so a slice needs no lock once it is
/// taken.
/// </remarks>
public sealed class GenerationLog
{
    private const int InitialBytes = 512;

    private readonly Lock _gate = new();
    private readonly GenerationOptions _options;
    private readonly LogWriter _writer;
    private readonly List<PositionedEntry> _controls = [];
    private readonly List<LogReader> _waiters = [];
    private byte[] _bytes;
    private long _start; // the position of _bytes[0]
    private long _end; // appended
    private long _taken; // handed to the commit that runs
    private long _durable; // committed
    private bool _queued; // with the writer: waiting to be taken, or in the commit that runs
    private TaskCompletionSource? _progress;

    internal GenerationLog(GenerationId id, int epoch, LogSnapshot committed, GenerationOptions options, LogWriter writer)
    {
        Id = id;
        Epoch = epoch;
        _options = options;
        _writer = writer;
        _bytes = new byte[InitialBytes];
        _controls.AddRange(committed.Controls);
        _start = _end = _taken = _durable = committed.End;
    }

    /// <summary>The generation.</summary>
    public GenerationId Id { get; }

    /// <summary>The epoch under which this node owns it.</summary>
    public int Epoch { get; }

    /// <summary>The position after what was appended, committed or not. Only the appending task may rely on it.</summary>
    internal long End => _end;

    /// <summary>The number of control entries. Only the appending task may rely on it.</summary>
    internal int ControlCount => _controls.Count;

    /// <summary>The position after the last committed entry.</summary>
    public long Durable => Volatile.Read(ref _durable);

    /// <summary>The committed end of the generation, or null while it runs.</summary>
    public GenerationEnded? Ended { get; private set; }

    /// <summary>This node may no longer write the log: another node owns it, or it was deleted. Its readers are lost.</summary>
    public bool Fenced { get; private set; }

    /// <summary>Called once, on the committing task, when the store fences this writer.</summary>
    internal Action? OnFenced { get; set; }

    private ReadOnlySpan<PositionedEntry> Entries => CollectionsMarshal.AsSpan(_controls);

    /// <summary>Appends text to the open part. A lone surrogate becomes U+FFFD; the caller keeps pairs together.</summary>
    internal void AppendText(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        bool enqueue;
        lock (_gate)
        {
            var room = Room(Encoding.UTF8.GetMaxByteCount(text.Length));
            _end += Encoding.UTF8.GetBytes(text, room);
            enqueue = TryQueue();
        }

        if (enqueue)
        {
            _writer.Enqueue(this);
        }
    }

    /// <summary>Appends a control entry.</summary>
    /// <param name="control">The entry.</param>
    /// <param name="moreFollows">
    /// Text follows at once: both go into one commit, so that the first token does not wait for a second one.
    /// </param>
    internal void Append(LogEntry control, bool moreFollows = false)
    {
        bool enqueue;
        lock (_gate)
        {
            Room(1)[0] = LogSlice.Mark;
            _controls.Add(new PositionedEntry(_end, control));
            _end++;
            enqueue = !moreFollows && TryQueue();
        }

        if (enqueue)
        {
            _writer.Enqueue(this);
        }
    }

    /// <summary>Appends a whole log, as the beginning of this one.</summary>
    internal void Append(LogSnapshot prefix)
    {
        bool enqueue;
        lock (_gate)
        {
            var offset = _end;
            prefix.Bytes.Span.CopyTo(Room(prefix.Bytes.Length));
            foreach (var control in prefix.Controls)
            {
                _controls.Add(control with { Position = offset + control.Position });
            }

            _end += prefix.Bytes.Length;
            enqueue = TryQueue();
        }

        if (enqueue)
        {
            _writer.Enqueue(this);
        }
    }

    /// <summary>The part that is open at the appended end.</summary>
    internal PartOpened? OpenPart()
    {
        lock (_gate)
        {
            return PositionedEntries.OpenPartAt(Entries, _end);
        }
    }

    /// <summary>Waits while more than <see cref="GenerationOptions.PendingBytes"/> wait for a commit. For the appending task.</summary>
    internal ValueTask WhenRoomAsync(CancellationToken cancellationToken) =>
        _end - Durable <= _options.PendingBytes
            ? ValueTask.CompletedTask
            : WhenAsync(static log => log._end - log._durable <= log._options.PendingBytes, cancellationToken);

    /// <summary>Waits until all that was appended is committed, or the writer is fenced.</summary>
    internal ValueTask WhenDurableAsync(CancellationToken cancellationToken) =>
        WhenAsync(static log => log._durable == log._end, cancellationToken);

    /// <summary>Waits for the committed end of the generation. Returns null when the writer is fenced.</summary>
    public async ValueTask<GenerationEnded?> WhenEndedAsync(CancellationToken cancellationToken)
    {
        await WhenAsync(static log => log.Ended is not null, cancellationToken);
        return Ended;
    }

    private async ValueTask WhenAsync(Func<GenerationLog, bool> done, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task progress;
            lock (_gate)
            {
                if (Fenced || done(this))
                {
                    return;
                }

                progress = (_progress ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await progress.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Hands what was appended since the last commit to the next one. False when there is nothing.</summary>
    internal bool TryTake(out PendingSlice slice)
    {
        lock (_gate)
        {
            if (_end == _durable || Fenced)
            {
                _queued = false;
                slice = default;
                return false;
            }

            _taken = _end;
            slice = new PendingSlice(
                Id,
                Epoch,
                _durable,
                Memory(_durable, _taken),
                PositionedEntries.Between(Entries, _durable, _taken).ToArray()
            );
            return true;
        }
    }

    /// <summary>
    /// What <see cref="TryTake"/> handed out is committed. The readers that waited for it are added to <paramref name="woken"/>. True when
    /// more was appended in the meantime: then the log belongs into the next commit. Until then it is in no other, so no two commits ever
    /// contain the same bytes.
    /// </summary>
    internal bool Committed(List<LogReader> woken)
    {
        lock (_gate)
        {
            Volatile.Write(ref _durable, _taken);
            if (_controls.Count > 0 && _controls[^1] is { Entry: GenerationEnded ended, Position: var at } && at < _durable)
            {
                Ended = ended;
            }

            TakeWaiters(woken);
            return _queued = _end > _durable;
        }
    }

    /// <summary>The store refused this writer. The readers are added to <paramref name="woken"/>.</summary>
    internal void Fence(List<LogReader> woken)
    {
        lock (_gate)
        {
            Fenced = true;
            TakeWaiters(woken);
        }

        OnFenced?.Invoke();
    }

    /// <summary>
    /// What is committed from <paramref name="after"/> on, <paramref name="maxBytes"/> at most; false when that is nothing, or no longer in
    /// memory.
    /// </summary>
    internal bool TryRead(long after, int maxBytes, out LogSlice slice)
    {
        lock (_gate)
        {
            if (after >= _durable || after < _start)
            {
                slice = default;
                return false;
            }

            var to = _start + LogSlice.EndOf(_bytes.AsSpan(0, (int)(_durable - _start)), (int)(after - _start), maxBytes);
            slice = new LogSlice(
                after,
                Memory(after, to),
                PositionedEntries.Between(Entries, after, to).ToArray(),
                PositionedEntries.OpenPartAt(Entries, after)
            );
            return true;
        }
    }

    /// <summary>Whether a reader may begin at <paramref name="position"/>; null when the byte there is no longer in memory.</summary>
    internal bool? IsBoundary(long position)
    {
        lock (_gate)
        {
            if (position < 0 || position > _durable)
            {
                return false;
            }

            if (position == _durable)
            {
                return true;
            }

            return position < _start ? null : LogSlice.IsBoundary(_bytes[position - _start]);
        }
    }

    /// <summary>Registers a reader to be woken, unless there is something for it already.</summary>
    /// <returns>True when the reader need not wait.</returns>
    internal bool TryWait(LogReader reader, long position, out bool behindWindow)
    {
        lock (_gate)
        {
            behindWindow = position < _start && position < _durable;
            if (position < _durable || Ended is not null || Fenced)
            {
                return true;
            }

            // A reader whose last wait was ended before it was registered is still on the list.
            if (reader.WaiterIndex < 0)
            {
                reader.WaiterIndex = _waiters.Count;
                _waiters.Add(reader);
            }

            return false;
        }
    }

    /// <summary>Takes a reader off the list of those that wait, if it is on it.</summary>
    internal void Forget(LogReader reader)
    {
        lock (_gate)
        {
            var index = reader.WaiterIndex;
            if (index < 0)
            {
                return;
            }

            var last = _waiters[^1];
            _waiters[index] = last;
            last.WaiterIndex = index;
            reader.WaiterIndex = -1;
            _waiters.RemoveAt(_waiters.Count - 1);
        }
    }

    private void TakeWaiters(List<LogReader> woken)
    {
        foreach (var reader in _waiters)
        {
            reader.WaiterIndex = -1;
            woken.Add(reader);
        }

        _waiters.Clear();
        _progress?.TrySetResult();
        _progress = null;
    }

    /// <summary>Marks the log as queued. True when the caller must hand it to the writer.</summary>
    private bool TryQueue()
    {
        if (_queued || Fenced)
        {
            return false;
        }

        return _queued = true;
    }

    private ReadOnlyMemory<byte> Memory(long from, long to) => _bytes.AsMemory((int)(from - _start), (int)(to - from));

    /// <summary>
    /// At least <paramref name="count"/> writable bytes at the end. Drops the oldest committed bytes when the window is full.
    /// </summary>
    private Span<byte> Room(int count)
    {
        var used = (int)(_end - _start);
        if (used + count > _bytes.Length)
        {
            var keep = _start;
            if (used + count > _options.WindowBytes)
            {
                keep = Math.Max(_start, Math.Min(_durable, _end - _options.WindowBytes / 2));
                while (keep > _start && keep < _durable && !LogSlice.IsBoundary(_bytes[keep - _start]))
                {
                    keep--;
                }
            }

            var kept = (int)(_end - keep);
            var bytes = new byte[Math.Max(kept + count, Math.Min(_bytes.Length * 2, Math.Max(_options.WindowBytes, kept + count)))];
            _bytes.AsSpan((int)(keep - _start), kept).CopyTo(bytes);
            (_bytes, _start) = (bytes, keep);
            used = kept;
        }

        return _bytes.AsSpan(used);
    }
}
