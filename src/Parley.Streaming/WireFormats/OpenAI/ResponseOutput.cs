using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// Applies the entries of a log to the items of a Response. A part is an item, and a part that continues across a seam belongs to the item
/// before. So an item is only known to be done when the entry after its end is known.
/// </summary>
/// <param name="info">The generation.</param>
/// <param name="tools">The names of the tools that the client declared; calls of other tools are left out.</param>
internal sealed class ResponseOutput(GenerationInfo info, IReadOnlySet<string> tools)
{
    private readonly string _generation = OpenAIIds.Short(info);
    private ResponseItem? _current;
    private bool _partIsOpen;
    private int _count;

    /// <summary>Applies the next entry.</summary>
    public ResponseChange Take(in LogSlice.Entry entry)
    {
        switch (entry.Control)
        {
            case null when _partIsOpen:
                _current!.Text.Write(entry.Text);
                return new ResponseChange(null, null, _current, false);
            case PartClosed when _partIsOpen:
                _partIsOpen = false;
                // Clients parse the arguments, and empty text is not JSON.
                if (_current is { Part.Part: PartKind.Tool, Text.WrittenCount: 0 })
                {
                    _current.Text.Write("{}"u8);
                }

                return new ResponseChange(null, null, _current, true);
            case PartOpened part when part.Continues && part.Part == _current?.Part.Part:
                _partIsOpen = true;
                return default;
            case PartOpened part:
                var finished = Finish("completed");
                return new ResponseChange(finished, Start(part, entry.End - 1), null, false);
            case ToolReturned:
                return new ResponseChange(Finish("completed"), null, null, false);
            case GenerationEnded end:
                return new ResponseChange(End(end), null, null, false);
            default:
                return default;
        }
    }

    /// <summary>Applies the end of the generation: ends the last item, if it is not done yet.</summary>
    public ResponseItem? End(GenerationEnded end) =>
        Finish(
            end.Status == GenerationStatus.Completed && end.FinishReason is not (FinishReasons.Length or FinishReasons.ContentFilter)
                ? "completed"
                : "incomplete"
        );

    /// <summary>The items of a log. Of a stopped generation, text beyond <see cref="GenerationEnded.StoppedAt"/> is left out.</summary>
    public static List<ResponseItem> Of(GenerationInfo info, LogSnapshot log, IReadOnlySet<string> tools)
    {
        var output = new ResponseOutput(info, tools);
        var end = log.Ended;
        if (end?.StoppedAt is { } seen)
        {
            log = log.UpTo(log.BoundaryAt(seen));
        }

        List<ResponseItem> items = [];
        foreach (var entry in log.From(0))
        {
            if (output.Take(entry).Started is { } started)
            {
                items.Add(started);
            }
        }

        if (end is not null)
        {
            output.End(end);
        }

        return items;
    }

    private ResponseItem? Start(PartOpened part, long position)
    {
        var prefix = part.Part switch
        {
            PartKind.Text => "msg",
            PartKind.Reasoning => "rs",
            PartKind.Tool when tools.Contains(part.Name ?? "") => "fc",
            _ => null,
        };
        if (prefix is null)
        {
            return null;
        }

        _partIsOpen = true;
        return _current = new ResponseItem(
            string.Create(CultureInfo.InvariantCulture, $"{prefix}_{_generation}_{position}"),
            _count++,
            part
        );
    }

    private ResponseItem? Finish(string status)
    {
        var finished = _current;
        if (finished is not null)
        {
            finished.Status = status;
        }

        _current = null;
        _partIsOpen = false;
        return finished;
    }
}

/// <summary>How one entry changes the items.</summary>
/// <param name="Finished">This item is done, before the entry.</param>
/// <param name="Started">This item starts.</param>
/// <param name="Extended">This item has more text, or its part ended.</param>
/// <param name="PartEnded">The part of the extended item ended. The item itself may continue across a seam.</param>
internal readonly record struct ResponseChange(ResponseItem? Finished, ResponseItem? Started, ResponseItem? Extended, bool PartEnded);

/// <summary>One item of a Response's output.</summary>
/// <param name="id">Its id, the same at every reading of the log.</param>
/// <param name="index">Its index in the output.</param>
/// <param name="part">The part with which it starts.</param>
internal sealed class ResponseItem(string id, int index, PartOpened part)
{
    public string Id { get; } = id;

    public int Index { get; } = index;

    public PartOpened Part { get; } = part;

    public string Status { get; set; } = "in_progress";

    /// <summary>All of its text so far, as UTF-8.</summary>
    public ArrayBufferWriter<byte> Text { get; } = new();

    /// <summary>Writes the item.</summary>
    /// <param name="json">The output.</param>
    /// <param name="empty">Without its content parts, which are written later.</param>
    public void Write(Utf8JsonWriter json, bool empty = false)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Id);
        json.WriteString(
            "type"u8,
            Part.Part switch
            {
                PartKind.Text => "message"u8,
                PartKind.Reasoning => "reasoning"u8,
                _ => "function_call"u8,
            }
        );
        json.WriteString("status"u8, Status);
        switch (Part.Part)
        {
            case PartKind.Tool:
                json.WriteString("call_id"u8, Part.CallId);
                json.WriteString("name"u8, Part.Name);
                json.WriteString("arguments"u8, Text.WrittenSpan);
                break;
            case PartKind.Reasoning:
                json.WriteStartArray("summary"u8);
                json.WriteEndArray();
                break;
            default:
                json.WriteString("role"u8, "assistant"u8);
                break;
        }

        if (Part.Part != PartKind.Tool)
        {
            json.WriteStartArray("content"u8);
            if (!empty)
            {
                WritePart(json);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the one content part of a message or of reasoning.</summary>
    public void WritePart(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, Part.Part == PartKind.Text ? "output_text"u8 : "reasoning_text"u8);
        json.WriteString("text"u8, Text.WrittenSpan);
        if (Part.Part == PartKind.Text)
        {
            json.WriteStartArray("annotations"u8);
            json.WriteEndArray();
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
