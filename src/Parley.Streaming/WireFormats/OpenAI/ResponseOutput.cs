using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// Says what the entries of a log do to the items of a Response: a part is an item, and one that continues across a seam belongs to the item before. So an item is done when the entry after its end is known.
/// </summary>
/// <param name="info">The generation.</param>
/// <param name="tools">The tools that the client declared: the calls of no other are its concern.</param>
internal sealed class ResponseOutput(GenerationInfo info, IReadOnlySet<string> tools)
{
    private readonly string _generation = OpenAIIds.Short(info);
    private ResponseItem? _current;
    private bool _partIsOpen;
    private int _count;

    /// <summary>Takes the next entry.</summary>
    public ResponseChange Take(in LogSlice.Entry entry)
    {
        switch (entry.Control)
        {
            case null when _partIsOpen:
                _current!.Text.Write(entry.Text);
                return new ResponseChange(null, null, _current, false);
            case PartClosed when _partIsOpen:
                _partIsOpen = false;
                // Clients parse the arguments, and no text is no JSON.
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
                return new ResponseChange(finished, Begin(part, entry.End - 1), null, false);
            case ToolReturned:
                return new ResponseChange(Finish("completed"), null, null, false);
            case GenerationEnded end:
                return new ResponseChange(End(end), null, null, false);
            default:
                return default;
        }
    }

    /// <summary>The generation ended: so does the last item, if it has not yet.</summary>
    public ResponseItem? End(GenerationEnded end) =>
        Finish(
            end.Status == GenerationStatus.Completed && end.FinishReason is not ("length" or "content-filter") ? "completed" : "incomplete"
        );

    /// <summary>The items of a log. Text that whoever stopped the generation had not seen is left out.</summary>
    public static List<ResponseItem> Of(GenerationInfo info, FoldedLog log, IReadOnlySet<string> tools)
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
            if (output.Take(entry).Begun is { } begun)
            {
                items.Add(begun);
            }
        }

        if (end is not null)
        {
            output.End(end);
        }

        return items;
    }

    private ResponseItem? Begin(PartOpened part, long position)
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

/// <summary>What one entry does to the items.</summary>
/// <param name="Finished">This one is done, before the entry.</param>
/// <param name="Begun">This one begins.</param>
/// <param name="Extended">This one has more text, or its part ended.</param>
/// <param name="PartEnded">Its part ended; the item itself may go on across a seam.</param>
internal readonly record struct ResponseChange(ResponseItem? Finished, ResponseItem? Begun, ResponseItem? Extended, bool PartEnded);

/// <summary>One item of a Response's output.</summary>
/// <param name="id">Names it at every reading of the log.</param>
/// <param name="index">Its place in the output.</param>
/// <param name="part">The part that it began with.</param>
internal sealed class ResponseItem(string id, int index, PartOpened part)
{
    public string Id { get; } = id;

    public int Index { get; } = index;

    public PartOpened Part { get; } = part;

    public string Status { get; set; } = "in_progress";

    /// <summary>All of its text so far, as UTF-8.</summary>
    public ArrayBufferWriter<byte> Text { get; } = new();

    /// <summary>Writes the item.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="empty">As it begins: its content parts come later.</param>
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
