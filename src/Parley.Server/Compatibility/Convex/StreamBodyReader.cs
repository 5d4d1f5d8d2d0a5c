using System.Buffers;
using System.Text;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// Reads the text and status of one stream, from its creation to the end of its generation. It reads when the caller refreshes it, and
/// wakes the caller when there is something to read. Used by one task, except for <see cref="MarkChanged"/>.
/// </summary>
internal sealed class StreamBodyReader(
    Func<CancellationToken, ValueTask<ChatSession?>> find,
    IGenerationStore store,
    GenerationRunner runner,
    TimeProvider time,
    Action wake
) : IAsyncDisposable
{
    /// <summary>
    /// The delay before the stream is loaded again after its log was lost: it was deleted, or another node has adopted it.
    /// </summary>
    private static readonly TimeSpan ReloadDelay = TimeSpan.FromMilliseconds(100);

    private ArrayBufferWriter<byte> _text = new();
    private volatile bool _mustReload = true;
    private string? _status,
        _conversation,
        _generation;
    private DateTimeOffset? _changesAt;
    private LogReader? _reader;
    private CancellationTokenSource? _reading;
    private Task? _waiting;
    private volatile bool _isWaiting;

    /// <summary>Text and status; null when the stream is missing.</summary>
    public StreamBody? Body => _status is null ? null : new StreamBody(_text.WrittenMemory, _status);

    /// <summary>Whether text and status no longer change, unless the stream is deleted.</summary>
    public bool IsFinal => _status is null || StreamStatus.IsFinal(_status);

    /// <summary>The time until a refresh is due without a wake.</summary>
    public TimeSpan ChangesIn => _changesAt is { } at ? at - time.GetUtcNow() : TimeSpan.MaxValue;

    /// <summary>Marks a conversation as changed, null for any, and wakes the caller.</summary>
    public void MarkChanged(string? conversationId)
    {
        var current = Volatile.Read(ref _conversation);
        if (conversationId is not null && current is not null && current != conversationId)
        {
            return;
        }

        _mustReload = true;
        wake();
    }

    /// <summary>Frees the text of a final stream once it has been sent.</summary>
    public void Release() => _text = new();

    /// <summary>Reads the current text and status. True when they have changed.</summary>
    public async ValueTask<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        var (status, length) = (_status, _text.WrittenCount);
        if (_mustReload || _changesAt <= time.GetUtcNow())
        {
            _mustReload = false;
            await LoadAsync(cancellationToken);
        }

        if (_reader is not null && !_isWaiting)
        {
            await ReadAsync(cancellationToken);
        }

        return status != _status || length != _text.WrittenCount;
    }

    /// <summary>Loads the stored state of the stream, and follows its log if its generation is running.</summary>
    private async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        _changesAt = null;
        if (await find(cancellationToken) is not { } stream)
        {
            await StopReadingAsync();
            _text.ResetWrittenCount();
            (_status, _generation) = (null, null);
            return;
        }

        Volatile.Write(ref _conversation, stream.ConversationId);
        if (stream.GenerationId is null)
        {
            var isPending = stream.IsAlive(time.GetUtcNow());
            _status = isPending ? StreamStatus.Pending : StreamStatus.Timeout;
            _changesAt = isPending ? stream.ExpiresAt : null;
        }
        else if (_generation != stream.GenerationId || (_reader is null && !IsFinal))
        {
            _generation = stream.GenerationId;
            await OpenAsync(new GenerationId(Guid.Parse(_generation)), cancellationToken);
        }
    }

    private async ValueTask OpenAsync(GenerationId id, CancellationToken cancellationToken)
    {
        await StopReadingAsync();
        var log = await store.SnapshotAsync(id, cancellationToken);
        _text.ResetWrittenCount();
        if (log.Ended is { } ended)
        {
            End(ended, log);
            return;
        }

        Append(log.From(0));
        _reading = new CancellationTokenSource();
        _reader = runner.Follow(id, log.End, _reading.Token);
    }

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        if (_waiting is not null)
        {
            await _waiting;
        }

        _waiting = null;
        GenerationEnded? ended = null;
        while (_reader!.TryRead(out var slice))
        {
            Append(slice);
            ended = slice.Ended;
        }

        if (ended is not null)
        {
            var id = new GenerationId(Guid.Parse(_generation!));
            await StopReadingAsync();
            End(ended, ended.StoppedAt is null ? null : await store.SnapshotAsync(id, cancellationToken));
        }
        else if (_reader.State == LogReaderState.Following)
        {
            _waiting = WaitAsync(_reader);
        }
        else
        {
            // The log was lost, or ended on another node: the stored state tells which.
            await StopReadingAsync();
            _changesAt = time.GetUtcNow() + ReloadDelay;
        }
    }

    private async Task WaitAsync(LogReader reader)
    {
        _isWaiting = true;
        try
        {
            while (!await reader.WaitAsync() && reader.State == LogReaderState.Following) { }
        }
        catch (OperationCanceledException)
        {
            // The log is no longer followed.
        }
        finally
        {
            // Reset before the wake, as the woken task may refresh before this one has completed.
            _isWaiting = false;
            wake();
        }
    }

    private void Append(in LogSlice slice)
    {
        foreach (var entry in slice)
        {
            if (entry.Part?.Part == PartKind.Text)
            {
                _text.Write(entry.Text);
            }
        }

        _status = _text.WrittenCount > 0 ? StreamStatus.Streaming : StreamStatus.Pending;
    }

    /// <param name="ended">The end of the generation.</param>
    /// <param name="whole">The whole log; null to keep the text so far. A stopped answer is cut at the last displayed position.</param>
    private void End(GenerationEnded ended, LogSnapshot? whole)
    {
        if (whole is not null)
        {
            _text.ResetWrittenCount();
            Encoding.UTF8.GetBytes(whole.TextOf(PartKind.Text, ended.StoppedAt ?? long.MaxValue), _text);
        }

        _status = ended.Error is null ? StreamStatus.Done : StreamStatus.Error;
    }

    private async ValueTask StopReadingAsync()
    {
        if (_reader is null)
        {
            return;
        }

        await _reading!.CancelAsync();
        if (_waiting is not null)
        {
            await _waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _reader.Dispose();
        _reading.Dispose();
        (_reader, _reading, _waiting) = (null, null, null);
    }

    public ValueTask DisposeAsync() => StopReadingAsync();
}
