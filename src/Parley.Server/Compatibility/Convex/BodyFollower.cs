using System.Buffers;
using System.Text;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Http.Json;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// Follows the body of one stream through its life: it waits to be driven, grows with its log, and ends. It looks when it is asked to, and says when that is worth while; used by one task, except for
/// <see cref="Poke"/>.
/// </summary>
internal sealed class BodyFollower(
    Func<CancellationToken, ValueTask<ChatSession?>> find,
    IGenerationStore store,
    GenerationRunner runner,
    TimeProvider time,
    Action wake
) : IAsyncDisposable
{
    /// <summary>A log that was lost is owned elsewhere now, or gone: soon it is known which.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(100);

    private ArrayBufferWriter<byte> _text = new();
    private volatile bool _mustLook = true;
    private string? _status,
        _conversation,
        _generation;
    private DateTimeOffset? _changesAt;
    private LogReader? _reader;
    private CancellationTokenSource? _reading;
    private Task? _news;
    private volatile bool _isWaiting;

    /// <summary>Text and status; null when the stream is missing.</summary>
    public StreamBody? Body => _status is null ? null : new StreamBody(_text.WrittenMemory, _status);

    /// <summary>Nothing more will come, unless the stream is deleted, or was.</summary>
    public bool IsFinal => _status is null || StreamStatus.IsFinal(_status);

    /// <summary>When it must be asked again though nobody has been woken.</summary>
    public TimeSpan ChangesIn => _changesAt is { } at ? at - time.GetUtcNow() : TimeSpan.MaxValue;

    /// <summary>Something has changed in a conversation; null means in any.</summary>
    public void Poke(string? conversationId)
    {
        var mine = Volatile.Read(ref _conversation);
        if (conversationId is not null && mine is not null && mine != conversationId)
        {
            return;
        }

        _mustLook = true;
        wake();
    }

    /// <summary>Lets go of the text of a stream that is final, once it is where it is needed.</summary>
    public void Release() => _text = new();

    /// <summary>Takes what is there. True when text or status are others than before.</summary>
    public async ValueTask<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        var (status, length) = (_status, _text.WrittenCount);
        if (_mustLook || _changesAt <= time.GetUtcNow())
        {
            _mustLook = false;
            await LookAsync(cancellationToken);
        }

        if (_reader is not null && !_isWaiting)
        {
            await ReadAsync(cancellationToken);
        }

        return status != _status || length != _text.WrittenCount;
    }

    /// <summary>Reads what is stored of the stream, and begins to follow its log where that is running.</summary>
    private async ValueTask LookAsync(CancellationToken cancellationToken)
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
            var waits = stream.IsAlive(time.GetUtcNow());
            _status = waits ? StreamStatus.Pending : StreamStatus.Timeout;
            _changesAt = waits ? stream.ExpiresAt : null;
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
        if (_news is not null)
        {
            await _news;
        }

        _news = null;
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
            _news = WaitAsync(_reader);
        }
        else
        {
            // Lost, or ended while it was owned elsewhere: what is stored says which.
            await StopReadingAsync();
            _changesAt = time.GetUtcNow() + LookAgainAfter;
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
            // It is no longer followed.
        }
        finally
        {
            // Before the wake, and so before this task is over: who is woken may look at once.
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

    /// <param name="ended">How it ended.</param>
    /// <param name="whole">The whole log, unless the text so far is good. Of an answer that was stopped, the text beyond what was seen is not shown.</param>
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
        if (_news is not null)
        {
            await _news.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _reader.Dispose();
        _reading.Dispose();
        (_reader, _reading, _news) = (null, null, null);
    }

    public ValueTask DisposeAsync() => StopReadingAsync();
}
