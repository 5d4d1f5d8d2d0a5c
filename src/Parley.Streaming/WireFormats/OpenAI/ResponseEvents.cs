using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// The stream of OpenAI's Responses API. Every event has a <c>sequence_number</c>, and the numbers follow from the log alone: a reader that
/// reconnects after number N gets N + 1, on any node, at any time. The log must be given from position 0; events up to N are not written.
/// </summary>
/// <param name="info">The generation.</param>
/// <param name="request">
/// The client's request: the Response object repeats members of it, and it declares the tools. It must outlive the format.
/// </param>
/// <param name="startingAfter">The number of the last event that the reader has; null for none.</param>
/// <param name="model">The model's name for this client; null for Parley's own.</param>
public sealed class ResponseEvents(GenerationInfo info, JsonElement? request, long? startingAfter, string? model = null) : WireFormat
{
    private readonly ResponseOutput _output = new(info, ResponseObject.ToolsOf(request));
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<PositionedEntry> _controls = [];
    private readonly long _seen = startingAfter ?? -1;
    private long _next = 2;
    private DeltaCuts _cuts;
    private byte[] _deltaTail = [];
    private int _sent;

    public override string ContentType => ServerSentEvents.ContentType;

    public override IReadOnlyList<(string Name, string Value)> Headers => ServerSentEvents.Headers;

    /// <summary>Whether heartbeats are written. Some clients take the blank line after a comment for an event.</summary>
    public bool Comments { get; init; } = true;

    public override void WriteHeartbeat(IBufferWriter<byte> output)
    {
        if (Comments)
        {
            output.Write(ServerSentEvents.Heartbeat);
        }
    }

    public override void WriteStart(IBufferWriter<byte> output)
    {
        // The first event for a reader that reconnects may take long; proxies want a first byte.
        if (_seen > 0)
        {
            WriteHeartbeat(output);
        }

        WriteResponse("response.created"u8, 0, LogSnapshot.Empty, ResponseStatus.InProgress, output);
        WriteResponse("response.in_progress"u8, 1, LogSnapshot.Empty, ResponseStatus.InProgress, output);
    }

    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        _bytes.Write(slice.Bytes.Span);
        _controls.AddRange(slice.Controls.Span);
        foreach (var entry in slice)
        {
            var change = _output.Take(entry);
            if (change.Finished is { } finished)
            {
                WriteDone(finished, output);
            }

            if (change.Started is { } started)
            {
                WriteAdded(started, output);
            }

            if (change.Extended is { } extended)
            {
                WriteDeltas(extended, change.PartEnded, output);
            }

            if (entry.Control is GenerationEnded end)
            {
                WriteEnd(end, output);
            }
        }
    }

    private void WriteAdded(ResponseItem item, IBufferWriter<byte> output)
    {
        (_cuts, _sent) = (default, 0);
        _deltaTail = Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $",\"item_id\":\"{item.Id}\",\"output_index\":{item.Index},{(item.Part.Part == PartKind.Tool ? "" : "\"content_index\":0,")}\"delta\":\""
            )
        );
        if (StartEvent("response.output_item.added"u8, output) is { } added)
        {
            added.WriteNumber("output_index"u8, item.Index);
            added.WritePropertyName("item"u8);
            item.Write(added, empty: true);
            EndEvent(added, output);
        }

        if (item.Part.Part == PartKind.Tool)
        {
            return;
        }

        if (StartItemEvent(item, "response.content_part.added"u8, output) is { } part)
        {
            part.WritePropertyName("part"u8);
            item.WritePart(part);
            EndEvent(part, output);
        }
    }

    private void WriteDeltas(ResponseItem item, bool all, IBufferWriter<byte> output)
    {
        var text = item.Text.WrittenSpan;
        while (_cuts.Next(text[_sent..]) is > 0 and var length)
        {
            WriteDelta(item.Part.Part, text.Slice(_sent, length), output);
        }

        if (!all)
        {
            return;
        }

        if (_sent < text.Length)
        {
            WriteDelta(item.Part.Part, text[_sent..], output);
        }

        _cuts = default;
    }

    /// <summary>Writes a delta by hand, since most events are deltas.</summary>
    private void WriteDelta(PartKind kind, ReadOnlySpan<byte> delta, IBufferWriter<byte> output)
    {
        _sent += delta.Length;
        var number = _next++;
        if (number <= _seen)
        {
            return;
        }

        output.Write(
            kind switch
            {
                PartKind.Text => "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":"u8,
                PartKind.Reasoning =>
                    "event: response.reasoning_text.delta\ndata: {\"type\":\"response.reasoning_text.delta\",\"sequence_number\":"u8,
                _ =>
                    "event: response.function_call_arguments.delta\ndata: {\"type\":\"response.function_call_arguments.delta\",\"sequence_number\":"u8,
            }
        );
        output.WriteNumber(number);
        output.Write(_deltaTail);
        output.WriteEscaped(delta);
        output.Write(kind == PartKind.Text ? "\",\"logprobs\":[]}\n\n"u8 : "\"}\n\n"u8);
    }

    private void WriteDone(ResponseItem item, IBufferWriter<byte> output)
    {
        var kind = item.Part.Part;
        if (
            StartItemEvent(
                item,
                kind switch
                {
                    PartKind.Text => "response.output_text.done"u8,
                    PartKind.Reasoning => "response.reasoning_text.done"u8,
                    _ => "response.function_call_arguments.done"u8,
                },
                output
            ) is
            { } text
        )
        {
            if (kind == PartKind.Tool)
            {
                text.WriteString("name"u8, item.Part.Name);
            }

            text.WriteString(kind == PartKind.Tool ? "arguments"u8 : "text"u8, item.Text.WrittenSpan);
            if (kind == PartKind.Text)
            {
                text.WriteStartArray("logprobs"u8);
            }

            if (kind == PartKind.Text)
            {
                text.WriteEndArray();
            }

            EndEvent(text, output);
        }

        if (kind != PartKind.Tool && StartItemEvent(item, "response.content_part.done"u8, output) is { } part)
        {
            part.WritePropertyName("part"u8);
            item.WritePart(part);
            EndEvent(part, output);
        }

        if (StartEvent("response.output_item.done"u8, output) is { } done)
        {
            done.WriteNumber("output_index"u8, item.Index);
            done.WritePropertyName("item"u8);
            item.Write(done);
            EndEvent(done, output);
        }
    }

    /// <summary>
    /// Writes the last event. For a stopped Response that is <c>response.incomplete</c>, as there is no event for it; its status is
    /// <c>cancelled</c>.
    /// </summary>
    private void WriteEnd(GenerationEnded end, IBufferWriter<byte> output)
    {
        var status = ResponseStatuses.Of(end);
        WriteResponse(
            status switch
            {
                ResponseStatus.Completed => "response.completed"u8,
                ResponseStatus.Failed => "response.failed"u8,
                _ => "response.incomplete"u8,
            },
            _next++,
            new LogSnapshot(_bytes.WrittenMemory, _controls),
            status,
            output
        );
    }

    private void WriteResponse(ReadOnlySpan<byte> type, long number, LogSnapshot log, ResponseStatus status, IBufferWriter<byte> output)
    {
        if (number <= _seen)
        {
            return;
        }

        var json = StartEvent(type, number, output);
        json.WritePropertyName("response"u8);
        ResponseObject.Write(info, log, request, json, status, model);
        EndEvent(json, output);
    }

    /// <summary>Starts the next event; null when the reader has it already.</summary>
    private Utf8JsonWriter? StartEvent(ReadOnlySpan<byte> type, IBufferWriter<byte> output)
    {
        var number = _next++;
        return number <= _seen ? null : StartEvent(type, number, output);
    }

    private Utf8JsonWriter? StartItemEvent(ResponseItem item, ReadOnlySpan<byte> type, IBufferWriter<byte> output)
    {
        if (StartEvent(type, output) is not { } json)
        {
            return null;
        }

        json.WriteString("item_id"u8, item.Id);
        json.WriteNumber("output_index"u8, item.Index);
        if (item.Part.Part != PartKind.Tool)
        {
            json.WriteNumber("content_index"u8, 0);
        }

        return json;
    }

    private static Utf8JsonWriter StartEvent(ReadOnlySpan<byte> type, long number, IBufferWriter<byte> output)
    {
        output.Write("event: "u8);
        output.Write(type);
        output.Write("\ndata: "u8);
        var json = new Utf8JsonWriter(output, JsonText.Options);
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteNumber("sequence_number"u8, number);
        return json;
    }

    private static void EndEvent(Utf8JsonWriter json, IBufferWriter<byte> output)
    {
        json.WriteEndObject();
        json.Dispose();
        output.Write("\n\n"u8);
    }
}
