#pragma warning disable CA1711 // "Stream" is part of the format's name.
using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>Which releases of the AI SDK a <see cref="DataStream"/> is for.</summary>
public enum DataStreamVersion
{
    /// <summary>Releases 3.3 and 3.4. Their client fails at step starts, reasoning and sources.</summary>
    AiSdk3,

    /// <summary>Release 4.</summary>
    AiSdk4,
}

/// <summary>
/// The data stream of the AI SDK, version 1: lines of a code, a colon and JSON. It has no cursor: a client that reconnects gets everything
/// again.
/// </summary>
/// <param name="info">The generation.</param>
/// <param name="version">The releases that it is for.</param>
public sealed class DataStream(GenerationInfo info, DataStreamVersion version = DataStreamVersion.AiSdk4) : WireFormat
{
    private static readonly (string, string)[] AllHeaders = [.. ServerSentEvents.Headers, ("x-vercel-ai-data-stream", "v1")];
    private readonly ToolCalls _calls = new();
    private readonly ArrayBufferWriter<byte> _json = new(); // the text so far of the open part, if it is JSON
    private PartOpened? _part;
    private long _partAt;
    private byte[] _callId = [];
    private bool _returned;

    public override string ContentType => "text/plain; charset=utf-8";

    public override IReadOnlyList<(string Name, string Value)> Headers => AllHeaders;

    private bool KnowsSteps => version == DataStreamVersion.AiSdk4;

    private bool KnowsReasoning => version == DataStreamVersion.AiSdk4;

    private bool KnowsSources => version == DataStreamVersion.AiSdk4;

    /// <summary>Writes an empty line, which clients skip. The format has no comments.</summary>
    public override void WriteHeartbeat(IBufferWriter<byte> output) => output.Write("\n"u8);

    public override void WriteStart(IBufferWriter<byte> output)
    {
        if (KnowsSteps)
        {
            WriteStepStart(output);
        }
        else
        {
            WriteHeartbeat(output);
        }
    }

    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            switch (entry.Control)
            {
                case null when entry.Part is { } part:
                    WriteText(part.Part, entry.Text, output);
                    break;
                case PartOpened opened:
                    Open(opened, entry.End - 1, output);
                    break;
                case PartClosed:
                    Close(output);
                    break;
                case ToolReturned result:
                    WriteResult(result, output);
                    break;
                case GenerationEnded ended:
                    Close(output);
                    WriteEnd(ended, output);
                    break;
            }
        }
    }

    private void Open(PartOpened part, long position, IBufferWriter<byte> output)
    {
        (_part, _partAt) = (part, position);
        _json.ResetWrittenCount();
        if (part.Part != PartKind.Tool)
        {
            return;
        }

        StartStep(output);
        _calls.Add(part.CallId ?? "");
        _callId = JsonText.Escaped(part.CallId ?? "");
        WriteCallId("b"u8, _callId, output);
        output.Write(",\"toolName\":"u8);
        output.WriteQuoted(part.Name ?? "");
        output.Write("}\n"u8);
    }

    /// <summary>
    /// What follows tool results belongs to a new step. A result that is still missing belongs to the step of its call: some clients accept
    /// it nowhere else.
    /// </summary>
    private void StartStep(IBufferWriter<byte> output)
    {
        if (!_returned || _calls.AnyUnanswered)
        {
            return;
        }

        WriteStepEnd(FinishReasons.ToolCalls, null, output);
        if (KnowsSteps)
        {
            WriteStepStart(output);
        }

        _returned = false;
    }

    private void WriteText(PartKind kind, ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        switch (kind)
        {
            case PartKind.Text:
                StartStep(output);
                output.Write("0:\""u8);
                output.WriteEscaped(text);
                output.Write("\"\n"u8);
                break;
            case PartKind.Reasoning when KnowsReasoning:
                StartStep(output);
                output.Write("g:\""u8);
                output.WriteEscaped(text);
                output.Write("\"\n"u8);
                break;
            case PartKind.Tool:
                _json.Write(text);
                WriteCallId("c"u8, _callId, output);
                output.Write(",\"argsTextDelta\":\""u8);
                output.WriteEscaped(text);
                output.Write("\"}\n"u8);
                break;
            default:
                _json.Write(text);
                break;
        }
    }

    private void Close(IBufferWriter<byte> output)
    {
        switch (_part?.Part)
        {
            case PartKind.Tool:
                WriteCall(_part, output);
                break;
            case PartKind.Source when KnowsSources:
                WriteSource(output);
                break;
            case PartKind.Data:
                WriteData(output);
                break;
        }

        _part = null;
    }

    /// <summary>The client fails at arguments that are not an object: such text is wrapped in one.</summary>
    private void WriteCall(PartOpened call, IBufferWriter<byte> output)
    {
        var arguments = ToolCalls.Arguments(_json.WrittenMemory);
        using var parsed = JsonText.TryParse(arguments);
        WriteCallId("9"u8, _callId, output);
        output.Write(",\"toolName\":"u8);
        output.WriteQuoted(call.Name ?? "");
        output.Write(",\"args\":"u8);
        if (parsed?.RootElement.ValueKind == JsonValueKind.Object)
        {
            output.WriteOnOneLine(arguments.Span);
        }
        else
        {
            output.Write("{\"raw\":\""u8);
            output.WriteEscaped(arguments.Span);
            output.Write("\"}"u8);
        }

        output.Write("}\n"u8);
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

        WriteCallId("a"u8, JsonText.Escaped(result.CallId), output);
        output.Write(",\"result\":"u8);
        output.WriteOnOneLine(result.Result);
        output.Write("}\n"u8);
    }

    private static void WriteCallError(string callId, string error, IBufferWriter<byte> output)
    {
        WriteCallId("a"u8, JsonText.Escaped(callId), output);
        output.Write(",\"result\":{\"error\":"u8);
        output.WriteQuoted(error);
        output.Write("}}\n"u8);
    }

    private static void WriteCallId(ReadOnlySpan<byte> code, ReadOnlySpan<byte> callId, IBufferWriter<byte> output)
    {
        output.Write(code);
        output.Write(":{\"toolCallId\":\""u8);
        output.Write(callId);
        output.Write("\""u8);
    }

    private void WriteSource(IBufferWriter<byte> output)
    {
        using var parsed = JsonText.TryParse(_json.WrittenMemory);
        if (parsed is null || JsonText.StringOf(parsed.RootElement, "url") is not { } url)
        {
            return;
        }

        StartStep(output);
        output.Write("h:{\"sourceType\":\"url\",\"id\":\"s"u8);
        output.WriteNumber(_partAt);
        output.Write("\",\"url\":"u8);
        output.WriteQuoted(url);
        if (JsonText.StringOf(parsed.RootElement, "title") is { } title)
        {
            output.Write(",\"title\":"u8);
            output.WriteQuoted(title);
        }

        output.Write("}\n"u8);
    }

    private void WriteData(IBufferWriter<byte> output)
    {
        using var parsed = JsonText.TryParse(_json.WrittenMemory);
        if (parsed is null)
        {
            return;
        }

        StartStep(output);
        output.Write("2:["u8);
        output.WriteOnOneLine(_json.WrittenSpan);
        output.Write("]\n"u8);
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
            output.Write("3:"u8);
            output.WriteQuoted(error.Message);
            output.Write("\n"u8);
            return;
        }

        var reason = ended.FinishReason
            is FinishReasons.Stop
                or FinishReasons.Length
                or FinishReasons.ContentFilter
                or FinishReasons.ToolCalls
            ? ended.FinishReason
            : "other";
        WriteStepEnd(reason, ended.Usage, output);
        output.Write("d:"u8);
        WriteFinish(reason, ended.Usage, output);
        output.Write("}\n"u8);
    }

    private void WriteStepStart(IBufferWriter<byte> output)
    {
        output.Write("f:{\"messageId\":"u8);
        output.WriteQuoted(info.MessageId);
        output.Write("}\n"u8);
    }

    private static void WriteStepEnd(string reason, GenerationUsage? usage, IBufferWriter<byte> output)
    {
        output.Write("e:"u8);
        WriteFinish(reason, usage, output);
        output.Write(",\"isContinued\":false}\n"u8);
    }

    /// <summary>Writes an object without its closing brace. Both numbers are required: the client reads null as unknown.</summary>
    private static void WriteFinish(string reason, GenerationUsage? usage, IBufferWriter<byte> output)
    {
        output.Write("{\"finishReason\":"u8);
        output.WriteQuoted(reason);
        output.Write(",\"usage\":{\"promptTokens\":"u8);
        WriteTokens(usage?.InputTokens, output);
        output.Write(",\"completionTokens\":"u8);
        WriteTokens(usage?.OutputTokens, output);
        output.Write("}"u8);
    }

    private static void WriteTokens(long? tokens, IBufferWriter<byte> output)
    {
        if (tokens is { } known)
        {
            output.WriteNumber(known);
        }
        else
        {
            output.Write("null"u8);
        }
    }
}
