using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Generations;

/// <summary>Turns what a model sends into log entries: opens and closes parts, and never splits a character.</summary>
internal sealed class PartAppender(GenerationLog log)
{
    private PartOpened? _open;
    private PartKind? _continues;
    private char _highSurrogate;

    /// <summary>Whether the model has sent anything that a client can show or use.</summary>
    public bool HasContent { get; private set; }

    /// <summary>Appends a seam. The next part continues the part before it, if it is of the same kind.</summary>
    /// <param name="reason"><see cref="Generations.Seam.Reason"/>.</param>
    /// <param name="model"><see cref="Generations.Seam.Model"/>.</param>
    /// <param name="before">The kind of the part before the mark; null for the part that is open.</param>
    public void Seam(string reason, string model, PartKind? before)
    {
        _open = log.OpenPart();
        _continues = before ?? _open?.Part;
        Close(moreFollows: true);
        log.Append(new Seam(reason, model));
    }

    /// <summary>Appends one piece of a model's answer. Pieces of kinds that the log does not keep are skipped.</summary>
    public void Append(AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                AppendText(PartKind.Text, text.Text);
                break;
            case TextReasoningContent reasoning:
                AppendText(PartKind.Reasoning, reasoning.Text);
                break;
            case ToolCallStarted call:
                Open(new PartOpened(PartKind.Tool, call.CallId, call.Name));
                break;
            case ToolCallArgumentsDelta arguments when _open is { Part: PartKind.Tool } open && open.CallId == arguments.CallId:
                Write(arguments.Delta);
                break;
            case ToolCallEnded:
                Close();
                break;
            case FunctionResultContent { Exception: null } result:
                Close(moreFollows: true);
                log.Append(new ToolReturned(result.CallId, ToolResults.ToJson(result.Result), null));
                break;
            case FunctionResultContent result:
                Close(moreFollows: true);
                log.Append(new ToolReturned(result.CallId, null, "The tool failed."));
                break;
        }
    }

    /// <summary>Closes the open part, if there is one.</summary>
    /// <param name="moreFollows">Another entry follows at once.</param>
    public void Close(bool moreFollows = false)
    {
        Flush();
        if (_open is null)
        {
            return;
        }

        _open = null;
        log.Append(PartClosed.Instance, moreFollows);
    }

    private void AppendText(PartKind kind, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }

        if (_open?.Part != kind)
        {
            Open(new PartOpened(kind, Continues: _continues == kind), textFollows: true);
        }

        Write(text);
    }

    private void Open(PartOpened part, bool textFollows = false)
    {
        Close(textFollows);
        log.Append(part, textFollows);
        _open = part;
        _continues = null;
        HasContent = true;
    }

    /// <summary>Holds back the first half of a surrogate pair until the second one arrives.</summary>
    private void Write(ReadOnlySpan<char> text)
    {
        if (_highSurrogate != 0 && text.Length > 0)
        {
            Span<char> pair = [_highSurrogate, text[0]];
            _highSurrogate = '\0';
            var isPair = char.IsLowSurrogate(pair[1]);
            log.AppendText(isPair ? pair : pair[..1]);
            if (isPair)
            {
                text = text[1..];
            }
        }

        if (text.Length > 0 && char.IsHighSurrogate(text[^1]))
        {
            _highSurrogate = text[^1];
            text = text[..^1];
        }

        log.AppendText(text);
    }

    private void Flush()
    {
        if (_highSurrogate == 0)
        {
            return;
        }

        Span<char> half = [_highSurrogate];
        _highSurrogate = '\0';
        log.AppendText(half);
    }
}
