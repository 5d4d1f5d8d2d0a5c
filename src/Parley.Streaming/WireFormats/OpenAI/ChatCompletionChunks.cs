using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// The stream of OpenAI's Chat Completions. Its events have neither names nor ids, since clients fail at them; so there is no cursor.
/// </summary>
/// <remarks>
/// Calls of tools that the client did not declare are not written: the client would run every <c>tool_calls</c> that it sees.
/// </remarks>
public sealed class ChatCompletionChunks : WireFormat
{
    private readonly IReadOnlySet<string> _tools;
    private readonly bool _includeUsage;
    private readonly byte[] _head,
        _tail;
    private int _calls;
    private bool _callHasNoArguments;

    /// <param name="info">The generation.</param>
    /// <param name="includeUsage">
    /// The client asked for the usage: it is in a chunk of its own before the end, and null in every other.
    /// </param>
    /// <param name="declaredTools">The names of the tools that the client declared; null for none.</param>
    /// <param name="model">The model's name for this client; null for Parley's own.</param>
    public ChatCompletionChunks(GenerationInfo info, bool includeUsage, IReadOnlySet<string>? declaredTools, string? model = null)
    {
        _tools = declaredTools ?? new HashSet<string>();
        _includeUsage = includeUsage;
        var head = new ArrayBufferWriter<byte>();
        head.Write("data: {\"id\":"u8);
        head.WriteQuoted(OpenAIIds.OfCompletion(info));
        head.Write(",\"object\":\"chat.completion.chunk\",\"created\":"u8);
        head.WriteNumber(info.CreatedAt.ToUnixTimeSeconds());
        head.Write(",\"model\":"u8);
        head.WriteQuoted(model ?? info.Model);
        head.Write(",\"choices\":["u8);
        _head = head.WrittenSpan.ToArray();
        _tail = [.. "]"u8, .. includeUsage ? ",\"usage\":null}\n\n"u8 : "}\n\n"u8];
    }

    public override string ContentType => ServerSentEvents.ContentType;

    public override IReadOnlyList<(string Name, string Value)> Headers => ServerSentEvents.Headers;

    /// <summary>Some clients ignore the error frame and take the end for a success.</summary>
    public override bool CutsAfterFailure => true;

    /// <summary>Writes a chunk that adds nothing: some clients cannot parse comments.</summary>
    public override void WriteHeartbeat(IBufferWriter<byte> output) => WriteChunk("{}"u8, null, output);

    public override void WriteStart(IBufferWriter<byte> output) =>
        WriteChunk("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}"u8, null, output);

    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            switch (entry.Control)
            {
                case null:
                    WriteText(entry.Part!, entry.Text, output);
                    break;
                case PartOpened { Part: PartKind.Tool } call when IsShown(call):
                    WriteCall(call, output);
                    break;
                case PartClosed when _callHasNoArguments:
                    // Clients parse the arguments, and empty text is not JSON.
                    WriteArguments("{}"u8, output);
                    break;
                case GenerationEnded end:
                    WriteEnd(end, output);
                    break;
            }
        }
    }

    private bool IsShown(PartOpened call) => _tools.Contains(call.Name ?? "");

    private void WriteText(PartOpened part, ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        switch (part.Part)
        {
            case PartKind.Text:
                Begin("{\"content\":\""u8, output);
                output.WriteEscaped(text);
                End("\"}"u8, null, output);
                break;
            case PartKind.Reasoning:
                // Some clients read one name, some the other.
                Begin("{\"reasoning_content\":\""u8, output);
                output.WriteEscaped(text);
                output.Write("\",\"reasoning\":\""u8);
                output.WriteEscaped(text);
                End("\"}"u8, null, output);
                break;
            case PartKind.Tool when IsShown(part):
                WriteArguments(text, output);
                break;
        }
    }

    private void WriteCall(PartOpened call, IBufferWriter<byte> output)
    {
        Begin("{\"tool_calls\":[{\"index\":"u8, output);
        output.WriteNumber(_calls++);
        output.Write(",\"id\":"u8);
        output.WriteQuoted(call.CallId ?? "");
        output.Write(",\"type\":\"function\",\"function\":{\"name\":"u8);
        output.WriteQuoted(call.Name ?? "");
        End(",\"arguments\":\"\"}}]}"u8, null, output);
        _callHasNoArguments = true;
    }

    private void WriteArguments(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        _callHasNoArguments = false;
        Begin("{\"tool_calls\":[{\"index\":"u8, output);
        output.WriteNumber(_calls - 1);
        output.Write(",\"function\":{\"arguments\":\""u8);
        output.WriteEscaped(text);
        End("\"}}]}"u8, null, output);
    }

    private void WriteEnd(GenerationEnded end, IBufferWriter<byte> output)
    {
        if (end.Error is { } error)
        {
            output.Write("data: "u8);
            OpenAIErrors.Write(error, output);
            output.Write("\n\n"u8);
            return;
        }

        WriteChunk("{}"u8, ChatCompletionObject.FinishReason(end, _calls > 0), output);
        if (_includeUsage)
        {
            output.Write(_head);
            output.Write("],\"usage\":"u8);
            using (var json = new Utf8JsonWriter(output, JsonText.Options))
            {
                ChatCompletionObject.WriteUsage(end.Usage, json);
            }

            output.Write("}\n\n"u8);
        }

        output.Write("data: [DONE]\n\n"u8);
    }

    private void WriteChunk(ReadOnlySpan<byte> delta, string? finishReason, IBufferWriter<byte> output)
    {
        Begin(default, output);
        End(delta, finishReason, output);
    }

    private void Begin(ReadOnlySpan<byte> delta, IBufferWriter<byte> output)
    {
        output.Write(_head);
        output.Write("{\"index\":0,\"delta\":"u8);
        output.Write(delta);
    }

    private void End(ReadOnlySpan<byte> delta, string? finishReason, IBufferWriter<byte> output)
    {
        output.Write(delta);
        output.Write(",\"logprobs\":null,\"finish_reason\":"u8);
        if (finishReason is null)
        {
            output.Write("null"u8);
        }
        else
        {
            output.WriteQuoted(finishReason);
        }

        output.Write("}"u8);
        output.Write(_tail);
    }
}
