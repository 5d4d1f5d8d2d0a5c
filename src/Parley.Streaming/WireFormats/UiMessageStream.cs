#pragma warning disable CA1711 // "Stream" is part of the format's name.
using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// The UI message stream of the AI SDK, version 1, for <c>useChat</c> of AI SDK 5, 6 and 7. It has no cursor: a client that reconnects gets
/// everything again, under the same message id.
/// </summary>
/// <remarks>
/// Early patch releases end the stream at a chunk or a member that they do not know. So it uses only chunks that all of them know, with the
/// members that those require; everything else is in the message's metadata.
/// </remarks>
/// <param name="info">The generation.</param>
/// <param name="messageId">The message that the client continues, if it sent one; null for the generation's own.</param>
/// <param name="from">
/// The position up to which the client has that message. What comes before it must be given to the format, and is not written.
/// </param>
public sealed class UiMessageStream(GenerationInfo info, string? messageId = null, long from = 0) : WireFormat
{
    private static readonly (string, string)[] AllHeaders = [.. ServerSentEvents.Headers, ("x-vercel-ai-ui-message-stream", "v1")];
    private readonly ToolCalls _calls = new();
    private readonly ArrayBufferWriter<byte> _json = new(); // the text so far of the open part, if it is JSON
    private readonly ArrayBufferWriter<byte> _skipped = new(); // what is not written, since the client has it
    private string _model = info.Model;
    private PartOpened? _part;
    private long _partAt;
    private PartKind? _shown; // the text or reasoning that the client has not seen end: it may continue across a seam
    private long _shownAt;
    private byte[] _callId = [];
    private bool _returned,
        _writes = from <= 0;

    public override string ContentType => ServerSentEvents.ContentType;

    public override IReadOnlyList<(string Name, string Value)> Headers => AllHeaders;

    public override void WriteHeartbeat(IBufferWriter<byte> output) => output.Write(ServerSentEvents.Heartbeat);

    public override void WriteStart(IBufferWriter<byte> output)
    {
        output.Write("data: {\"type\":\"start\",\"messageId\":"u8);
        output.WriteQuoted(messageId ?? info.MessageId);
        output.Write("}\n\ndata: {\"type\":\"start-step\"}\n\n"u8);
    }

    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            var text = entry.Text;
            var start = entry.End - (entry.Control is null ? text.Length : 1);
            if (start < from)
            {
                var rest = (int)Math.Max(0, entry.End - from);
                Write(entry.Control, entry.Part, text[..^rest], entry.End, _skipped);
                _skipped.ResetWrittenCount();
                if (rest == 0)
                {
                    continue;
                }

                text = text[^rest..];
            }

            if (!_writes)
            {
                StartWriting(output);
            }

            Write(entry.Control, entry.Part, text, entry.End, output);
        }
    }

    /// <summary>The client has what came before as a complete message: no part of it is open there.</summary>
    private void StartWriting(IBufferWriter<byte> output)
    {
        _writes = true;
        _returned = false;
        _shown = null;
        if (_part is not { Part: PartKind.Tool } call)
        {
            return;
        }

        WriteCallStart(call, output);
        WriteCallDelta(_json.WrittenSpan, output);
    }

    private void Write(LogEntry? control, PartOpened? part, ReadOnlySpan<byte> text, long end, IBufferWriter<byte> output)
    {
        switch (control)
        {
            case null when part is not null:
                WriteText(part.Part, text, output);
                break;
            case PartOpened opened:
                Open(opened, end - 1, output);
                break;
            case PartClosed:
                Close(output);
                break;
            case ToolReturned result:
                WriteShownEnd(output);
                WriteResult(result, output);
                break;
            case Seam seam:
                _model = seam.Model;
                break;
            case GenerationEnded ended:
                WriteShownEnd(output);
                Close(output);
                WriteEnd(ended, output);
                break;
        }
    }

    private void Open(PartOpened part, long position, IBufferWriter<byte> output)
    {
        (_part, _partAt) = (part, position);
        _json.ResetWrittenCount();
        if (part.Continues && part.Part == _shown)
        {
            return;
        }

        WriteShownEnd(output);
        if (part.Part != PartKind.Tool)
        {
            return;
        }

        StartStep(output);
        _calls.Add(part.CallId ?? "");
        _callId = JsonText.Escaped(part.CallId ?? "");
        WriteCallStart(part, output);
    }

    /// <summary>What follows tool results belongs to a new step. A result that is still missing belongs to the step of its call.</summary>
    private void StartStep(IBufferWriter<byte> output)
    {
        if (!_returned || _calls.AnyUnanswered)
        {
            return;
        }

        output.Write("data: {\"type\":\"finish-step\"}\n\ndata: {\"type\":\"start-step\"}\n\n"u8);
        _returned = false;
    }

    private void WriteText(PartKind kind, ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        if (kind is not (PartKind.Text or PartKind.Reasoning))
        {
            _json.Write(text);
            if (kind == PartKind.Tool)
            {
                WriteCallDelta(text, output);
            }

            return;
        }

        if (_shown is null)
        {
            StartStep(output);
            (_shown, _shownAt) = (kind, _partAt);
            WriteShown("-start\",\"id\":\""u8, output);
            output.Write("\"}\n\n"u8);
        }

        WriteShown("-delta\",\"id\":\""u8, output);
        output.Write("\",\"delta\":\""u8);
        output.WriteEscaped(text);
        output.Write("\"}\n\n"u8);
    }

    private void WriteShownEnd(IBufferWriter<byte> output)
    {
        if (_shown is null)
        {
            return;
        }

        WriteShown("-end\",\"id\":\""u8, output);
        output.Write("\"}\n\n"u8);
        _shown = null;
    }

    private void WriteShown(ReadOnlySpan<byte> member, IBufferWriter<byte> output)
    {
        var isText = _shown == PartKind.Text;
        output.Write(isText ? "data: {\"type\":\"text"u8 : "data: {\"type\":\"reasoning"u8);
        output.Write(member);
        output.Write(isText ? "t"u8 : "r"u8);
        output.WriteNumber(_shownAt);
    }

    private void Close(IBufferWriter<byte> output)
    {
        switch (_part?.Part)
        {
            case PartKind.Tool:
                WriteCall(_part, output);
                break;
            case PartKind.Source or PartKind.File or PartKind.Data:
                WriteRich(_part, output);
                break;
        }

        _part = null;
    }

    private void WriteCallStart(PartOpened call, IBufferWriter<byte> output)
    {
        WriteCallId("tool-input-start"u8, _callId, output);
        output.Write(",\"toolName\":"u8);
        output.WriteQuoted(call.Name ?? "");
        output.Write("}\n\n"u8);
    }

    private void WriteCallDelta(ReadOnlySpan<byte> arguments, IBufferWriter<byte> output)
    {
        if (arguments.IsEmpty)
        {
            return;
        }

        WriteCallId("tool-input-delta"u8, _callId, output);
        output.Write(",\"inputTextDelta\":\""u8);
        output.WriteEscaped(arguments);
        output.Write("\"}\n\n"u8);
    }

    /// <summary>Ends a call. If its arguments are not JSON, the client gets their text as it is, and no result.</summary>
    private void WriteCall(PartOpened call, IBufferWriter<byte> output)
    {
        var arguments = ToolCalls.Arguments(_json.WrittenMemory);
        using var parsed = JsonText.TryParse(arguments);
        WriteCallId(parsed is null ? "tool-input-error"u8 : "tool-input-available"u8, _callId, output);
        output.Write(",\"toolName\":"u8);
        output.WriteQuoted(call.Name ?? "");
        output.Write(",\"input\":"u8);
        if (parsed is null)
        {
            _calls.TryAnswer(call.CallId ?? "");
            output.Write("\""u8);
            output.WriteEscaped(arguments.Span);
            output.Write("\",\"errorText\":\"The arguments of the call are incomplete, or not JSON.\""u8);
        }
        else
        {
            output.WriteOnOneLine(arguments.Span);
        }

        output.Write("}\n\n"u8);
    }

    private void WriteResult(ToolReturned result, IBufferWriter<byte> output)
    {
        _returned |= _calls.Knows(result.CallId);
        if (!_calls.TryAnswer(result.CallId))
        {
            return;
        }

        if (result.Result is null)
        {
            WriteCallError(result.CallId, result.Error ?? "", output);
            return;
        }

        WriteCallId("tool-output-available"u8, JsonText.Escaped(result.CallId), output);
        output.Write(",\"output\":"u8);
        output.WriteOnOneLine(result.Result);
        output.Write("}\n\n"u8);
    }

    private static void WriteCallError(string callId, string error, IBufferWriter<byte> output)
    {
        WriteCallId("tool-output-error"u8, JsonText.Escaped(callId), output);
        output.Write(",\"errorText\":"u8);
        output.WriteQuoted(error);
        output.Write("}\n\n"u8);
    }

    private static void WriteCallId(ReadOnlySpan<byte> type, ReadOnlySpan<byte> callId, IBufferWriter<byte> output)
    {
        output.Write("data: {\"type\":\""u8);
        output.Write(type);
        output.Write("\",\"toolCallId\":\""u8);
        output.Write(callId);
        output.Write("\""u8);
    }

    /// <summary>Writes a source, a file or data. One that lacks what its chunk requires is skipped.</summary>
    private void WriteRich(PartOpened part, IBufferWriter<byte> output)
    {
        using var parsed = JsonText.TryParse(_json.WrittenMemory);
        if (parsed is null)
        {
            return;
        }

        if (part.Part == PartKind.Data)
        {
            if (part.Name is null)
            {
                return;
            }

            StartStep(output);
            output.Write("data: {\"type\":\"data-"u8);
            output.Write(JsonText.Escaped(part.Name));
            output.Write("\",\"data\":"u8);
            output.WriteOnOneLine(_json.WrittenSpan);
            output.Write("}\n\n"u8);
            return;
        }

        if (JsonText.StringOf(parsed.RootElement, "url") is not { } url)
        {
            return;
        }

        if (part.Part == PartKind.Source)
        {
            StartStep(output);
            output.Write("data: {\"type\":\"source-url\",\"sourceId\":\"s"u8);
            output.WriteNumber(_partAt);
            output.Write("\",\"url\":"u8);
            output.WriteQuoted(url);
            if (JsonText.StringOf(parsed.RootElement, "title") is { } title)
            {
                output.Write(",\"title\":"u8);
                output.WriteQuoted(title);
            }
        }
        else
        {
            if (JsonText.StringOf(parsed.RootElement, "mediaType") is not { } mediaType)
            {
                return;
            }

            StartStep(output);
            output.Write("data: {\"type\":\"file\",\"url\":"u8);
            output.WriteQuoted(url);
            output.Write(",\"mediaType\":"u8);
            output.WriteQuoted(mediaType);
        }

        output.Write("}\n\n"u8);
    }

    private void WriteEnd(GenerationEnded ended, IBufferWriter<byte> output)
    {
        // The client makes the calls that end the answer. No other call may wait for a result that never comes.
        if (ended.FinishReason != FinishReasons.ToolCalls)
        {
            foreach (var callId in _calls.Unanswered)
            {
                WriteCallError(callId, ToolCalls.NeverReturned, output);
            }
        }

        if (ended.Error is { } error)
        {
            output.Write("data: {\"type\":\"error\",\"errorText\":"u8);
            output.WriteQuoted(error.Message);
            output.Write("}"u8);
        }
        else if (ended.Status == GenerationStatus.Stopped)
        {
            output.Write("data: {\"type\":\"abort\"}"u8);
        }
        else
        {
            output.Write("data: {\"type\":\"finish-step\"}\n\ndata: "u8);
            WriteFinish(ended, output);
        }

        output.Write("\n\ndata: [DONE]\n\n"u8);
    }

    private void WriteFinish(GenerationEnded ended, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, JsonText.Options);
        json.WriteStartObject();
        json.WriteString("type"u8, "finish"u8);
        json.WriteStartObject("messageMetadata"u8);
        json.WriteString("finishReason"u8, ended.FinishReason);
        json.WriteString("model"u8, _model);
        if (ended.Usage is { } usage)
        {
            json.WriteUsage(usage);
        }

        json.WriteString("conversationId"u8, info.ConversationId);
        json.WriteString("generationId"u8, info.GenerationId);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
