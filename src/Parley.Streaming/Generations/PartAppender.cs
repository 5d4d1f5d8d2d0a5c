using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Generations;

/// <summary>Turns what a model sends into log entries: opens and closes parts, and never lets a character be cut.</summary>
internal sealed class PartAppender(GenerationLog log)
{
    private PartOpened? _open;
    private PartKind? _continues;
    private char _high;

    /// <summary>Whether the model has sent anything that a person can see or a client can use.</summary>
    public bool HasContent { get; private set; }

    /// <summary>Marks that another attempt goes on from here. A part of the kind that the cut left open is joined to it.</summary>
    public void Seam(string reason, string model, PartKind? cut)
    {
        _open = log.OpenPart();
        _continues = cut ?? _open?.Part;
        Close(moreFollows: true);
        log.Append(new Seam(reason, model));
    }

    /// <summary>Appends one piece of a model's answer. Pieces of a kind that the log does not keep are passed over.</summary>
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
            case FunctionResultContent result:
                Close(moreFollows: true);
                log.Append(
                    new ToolReturned(
                        result.CallId,
                        result.Exception is null ? ToolResults.ToJson(result.Result) : null,
                        result.Exception is null ? null : "The tool failed."
                    )
                );
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

    /// <summary>Holds back the first half of a surrogate pair until the second comes.</summary>
    private void Write(ReadOnlySpan<char> text)
    {
        if (_high != 0 && text.Length > 0)
        {
            Span<char> pair = [_high, text[0]];
            _high = '\0';
            var whole = char.IsLowSurrogate(pair[1]);
            log.AppendText(whole ? pair : pair[..1]);
            if (whole)
            {
                text = text[1..];
            }
        }

        if (text.Length > 0 && char.IsHighSurrogate(text[^1]))
        {
            _high = text[^1];
            text = text[..^1];
        }

        log.AppendText(text);
    }

    private void Flush()
    {
        if (_high == 0)
        {
            return;
        }

        Span<char> half = [_high];
        _high = '\0';
        log.AppendText(half);
    }
}
