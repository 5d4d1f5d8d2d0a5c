using System.Net;
using System.Text;
using System.Text.Json;

namespace Parley.EndToEnd;

/// <summary>
/// Follows one answer in one wire format, over as many connections as needed. Formats with a cursor continue where the last connection was
/// cut; the others begin again, and must begin with what was shown before.
/// </summary>
/// <param name="generationId">What it follows.</param>
/// <param name="shown">What it has shown, in its format.</param>
/// <param name="client">The client of the next connection, which may lead to another server.</param>
internal sealed class AnswerFollower(string generationId, ShownAnswer shown, Func<ApiClient> client)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public ShownAnswer Shown => shown;

    /// <summary>How many connections were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>How many requests were refused with 503 and <c>Retry-After</c>.</summary>
    public int Refusals { get; private set; }

    /// <summary>Follows to the end.</summary>
    /// <exception cref="ViolationException">Something was shown twice, was lost or changed; or a request was refused in another
    /// way.</exception>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (!shown.HasEnded)
        {
            try
            {
                using var response = await client().FollowAsync(generationId, shown.Cursor, cancellationToken, shown.Format);
                switch (response.StatusCode)
                {
                    case HttpStatusCode.OK:
                        await using (var stream = await response.Content.ReadAsStreamAsync(cancellationToken))
                        {
                            await shown.ReadAsync(stream, cancellationToken);
                        }

                        if (!shown.HasEnded)
                        {
                            throw new ViolationException($"The {shown.Format} stream ended at {shown.Length} without an end.");
                        }

                        break;
                    case HttpStatusCode.ServiceUnavailable when response.Headers.RetryAfter is not null:
                        Refusals++;
                        break;
                    default:
                        throw new ViolationException(
                            $"Following in {shown.Format} from {shown.Cursor} was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}"
                        );
                }
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                Cuts++;
            }

            if (!shown.HasEnded)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }
}

/// <summary>What a follower has shown in one format.</summary>
internal abstract class ShownAnswer(string format)
{
    public string Format => format;

    /// <summary>The <c>Last-Event-ID</c> of the next connection; null: it begins at the beginning.</summary>
    public virtual long? Cursor => null;

    /// <summary>How much was shown; it only grows.</summary>
    public abstract long Length { get; }

    public bool HasEnded { get; protected set; }

    /// <summary>Shows what one connection brings, until it ends.</summary>
    public abstract Task ReadAsync(Stream stream, CancellationToken cancellationToken);

    /// <summary>Throws unless what was shown is the whole answer.</summary>
    public abstract void MustEqual(ShownLog whole);
}

/// <summary>Native events, with the position of each byte.</summary>
internal sealed class ShownEvents(long origin = 0) : ShownAnswer("native")
{
    private readonly ShownLog _log = new(origin);

    public override long? Cursor => _log.HasStarted || _log.Position > 0 ? _log.Position : null;

    public override long Length => _log.Position;

    public override async Task ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        await foreach (var next in EventReader.ReadAsync(stream, cancellationToken))
        {
            _log.Add(next);
            HasEnded = _log.Terminal is not null;
        }
    }

    public override void MustEqual(ShownLog whole) => _log.MustEqual(whole);
}

/// <summary>Token events, which have text and positions alone.</summary>
internal sealed class ShownTokens() : ShownAnswer("token")
{
    private readonly StringBuilder _text = new();
    private long? _position;

    public override long? Cursor => _position;

    public override long Length => _position ?? 0;

    public override async Task ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        await foreach (var next in EventReader.ReadAsync(stream, cancellationToken))
        {
            if (HasEnded || next.Id < _position || (next.Id == _position && next.Type != "typing"))
            {
                throw new ViolationException($"A {next.Type} event with id {next.Id} after position {_position}, ended: {HasEnded}.");
            }

            if (next.Type == "token")
            {
                _text.Append(next.Data.GetProperty("content").GetString());
            }
            else if (next.Type == "error")
            {
                throw new ViolationException($"The answer failed: {next.Data}");
            }

            _position = next.Id;
            HasEnded = next.Type == "done";
        }
    }

    public override void MustEqual(ShownLog whole)
    {
        if (_text.ToString() != whole.Text || _position != whole.Position)
        {
            throw new ViolationException(
                $"The token events have {_text.Length} characters up to {_position}, the log {whole.Text.Length} up to {whole.Position}."
            );
        }
    }
}

/// <summary>A format without a cursor: each connection shows the answer from its beginning.</summary>
internal abstract class ShownText(string format) : ShownAnswer(format)
{
    private string _longest = "";

    public override long Length => _longest.Length;

    public sealed override async Task ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var text = "";
        await foreach (var piece in PiecesAsync(stream, cancellationToken))
        {
            text += piece;
            var common = Math.Min(text.Length, _longest.Length);
            if (!text.AsSpan(0, common).SequenceEqual(_longest.AsSpan(0, common)))
            {
                throw new ViolationException($"In {Format}, a connection showed another text than the one before it.");
            }

            _longest = text.Length > _longest.Length ? text : _longest;
        }

        if (HasEnded && text.Length < _longest.Length)
        {
            throw new ViolationException($"In {Format}, the answer ended after {text.Length} of {_longest.Length} characters.");
        }
    }

    public override void MustEqual(ShownLog whole)
    {
        if (_longest != whole.Text)
        {
            throw new ViolationException($"{Format} has {_longest.Length} characters, the log {whole.Text.Length}.");
        }
    }

    protected abstract IAsyncEnumerable<string> PiecesAsync(Stream stream, CancellationToken cancellationToken);
}

/// <summary>Plain text; the end of the body is the end of the answer.</summary>
internal sealed class ShownRawText() : ShownText("text")
{
    protected override async IAsyncEnumerable<string> PiecesAsync(
        Stream stream,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var reader = new StreamReader(stream);
        var buffer = new char[1024];
        while (await reader.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            yield return new string(buffer, 0, read);
        }

        HasEnded = true;
    }
}

/// <summary>Chat Completions chunks.</summary>
internal sealed class ShownChunks() : ShownText("chat")
{
    protected override async IAsyncEnumerable<string> PiecesAsync(
        Stream stream,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == "data: [DONE]")
            {
                HasEnded = true;
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                foreach (var choice in JsonElement.Parse(line[6..]).GetProperty("choices").EnumerateArray())
                {
                    if (choice.GetProperty("delta").TryGetProperty("content", out var content))
                    {
                        yield return content.GetString()!;
                    }
                }
            }
        }
    }
}
