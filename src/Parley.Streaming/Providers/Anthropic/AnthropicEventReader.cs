using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>
/// Reads the events of one answer, straight from their bytes. Each is an object whose <c>type</c> says what it is; the name of the
/// event is not needed. Fields may come in any order; unknown events, blocks and deltas are skipped.
/// </summary>
internal sealed class AnthropicEventReader(string model, int maxToolCallChars) : AnswerReader(model, maxToolCallChars)
{
    private const int MaxOpenBlocks = 256;
    private const int MaxResponseIdChars = 256;
    private readonly string _model = model;
    private readonly Dictionary<int, Block> _blocks = [];
    private readonly AnthropicUsage _usage = new();

    private enum BlockKind
    {
        Text,
        Thinking,
        Redacted,
        ToolUse,
    }

    public override void EndOfBody() => IsDone = true;

    protected override void ReadFrame(ReadOnlySpan<byte> data, bool isError)
    {
        if (!TryOpen(data, isError, out var reader))
        {
            return;
        }

        ReadEvent(ref reader);
        if (isError && Failure is null)
        {
            Fail(ProviderFailure.ReportedError, data);
        }
    }

    private void ReadEvent(ref Utf8JsonReader reader)
    {
        // The parts of the event, read when its type is known.
        var all = reader;
        var (type, index, hasError) = ("", 0, false);
        Utf8JsonReader part = default,
            usage = default;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("type"u8))
            {
                type = ReadText(ref reader) ?? "";
            }
            else if (name.SequenceEqual("index"u8))
            {
                index = (int)Math.Min(ReadCount(ref reader) ?? 0, int.MaxValue);
            }
            else if (reader.TokenType == JsonTokenType.StartObject && IsPart(name))
            {
                hasError = name.SequenceEqual("error"u8);
                part = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                usage = reader;
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        if (usage.TokenType == JsonTokenType.StartObject)
        {
            _usage.Read(ref usage);
            Answer.Usage = _usage.ToDetails();
        }

        if (type == "message_stop")
        {
            End();
        }
        else if (type == "content_block_stop")
        {
            EndBlock(index);
        }
        else if (type == "message")
        {
            ReadMessage(ref all);
        }
        else if (part.TokenType == JsonTokenType.StartObject)
        {
            // A gateway's own errors have no type.
            ReadPart(hasError && type.Length == 0 ? "error" : type, index, ref part);
        }
        else if (type == "error")
        {
            Fail(ProviderFailure.ReportedError, "error");
        }
    }

    private static bool IsPart(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("delta"u8)
        || name.SequenceEqual("content_block"u8)
        || name.SequenceEqual("message"u8)
        || name.SequenceEqual("error"u8);

    private void ReadPart(string type, int index, ref Utf8JsonReader part)
    {
        switch (type)
        {
            case "content_block_delta":
                ReadDelta(index, ref part);
                break;
            case "content_block_start":
                StartBlock(index, ref part);
                break;
            case "message_start":
                ReadMessage(ref part);
                break;
            case "message_delta":
                ReadStopReason(ref part);
                break;
            case "error":
                ReadError(ref part);
                break;
        }
    }

    // The message of message_start, which is empty, or the whole answer of a server that does not stream.
    private void ReadMessage(ref Utf8JsonReader reader)
    {
        string? stop = null;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("id"u8))
            {
                Answer.ResponseId = ReadText(ref reader) is { Length: <= MaxResponseIdChars } id ? id : null;
            }
            else if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                _usage.Read(ref reader);
                Answer.Usage = _usage.ToDetails();
            }
            else if (name.SequenceEqual("content"u8) && reader.TokenType == JsonTokenType.StartArray)
            {
                for (var index = 0; reader.Read() && reader.TokenType == JsonTokenType.StartObject; index++)
                {
                    StartBlock(index, ref reader);
                    EndBlock(index);
                }
            }
            else if (name.SequenceEqual("stop_reason"u8))
            {
                stop = ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Finish(stop);
    }

    private void StartBlock(int index, ref Utf8JsonReader reader)
    {
        var (type, id, tool, input, data, signature) = ("", (string?)null, (string?)null, (string?)null, (string?)null, (string?)null);
        Utf8JsonReader text = default;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("type"u8))
            {
                type = ReadText(ref reader) ?? "";
            }
            else if (name.SequenceEqual("id"u8))
            {
                id = ReadText(ref reader);
            }
            else if (name.SequenceEqual("name"u8))
            {
                tool = ReadText(ref reader);
            }
            else if (name.SequenceEqual("input"u8))
            {
                input = ReadObject(ref reader);
            }
            else if (name.SequenceEqual("data"u8))
            {
                data = ReadText(ref reader);
            }
            else if (name.SequenceEqual("signature"u8))
            {
                signature = ReadText(ref reader);
            }
            else if ((name.SequenceEqual("text"u8) || name.SequenceEqual("thinking"u8)) && reader.TokenType == JsonTokenType.String)
            {
                text = reader;
            }
            else
            {
                reader.Skip();
            }
        }

        BlockKind? kind = type switch
        {
            "text" => BlockKind.Text,
            "thinking" => BlockKind.Thinking,
            "redacted_thinking" => BlockKind.Redacted,
            "tool_use" => BlockKind.ToolUse,
            _ => null,
        };
        if (kind is null || Answer.IsFinished)
        {
            return;
        }

        if (_blocks.Count == MaxOpenBlocks)
        {
            Fail(ProviderFailure.FrameTooLarge, "open blocks");
            return;
        }

        var block = _blocks[index] = new Block(kind.Value) { Input = input };
        block.Signature.Append(kind == BlockKind.Redacted ? data : signature);
        IsWorking = kind is BlockKind.Thinking or BlockKind.Redacted;
        if (kind == BlockKind.ToolUse)
        {
            AddToolCall(index, id, tool ?? "unknown", arguments: null);
        }
        else if (text.TokenType == JsonTokenType.String)
        {
            AddText(block, ref text);
        }
    }

    private void ReadDelta(int index, ref Utf8JsonReader reader)
    {
        if (!_blocks.TryGetValue(index, out var block) || Answer.IsFinished)
        {
            return;
        }

        // The name of the field says as much as the type of the delta.
        while (NextProperty(ref reader, out var name))
        {
            if (reader.TokenType != JsonTokenType.String)
            {
                reader.Skip();
            }
            else if (name.SequenceEqual("text"u8) || name.SequenceEqual("thinking"u8))
            {
                AddText(block, ref reader);
            }
            else if (name.SequenceEqual("signature"u8) && block.Kind == BlockKind.Thinking)
            {
                block.Signature.Append(ReadText(ref reader));
            }
            else if (name.SequenceEqual("partial_json"u8) && block.Kind == BlockKind.ToolUse && ReadText(ref reader) is { } json)
            {
                block.Input = null;
                AddToolCall(index, id: null, name: null, json);
            }
        }
    }

    private void AddText(Block block, ref Utf8JsonReader text)
    {
        if (block.Kind == BlockKind.Text)
        {
            Answer.AddText(text.ValueSpan, text.ValueIsEscaped);
        }
        else if (block.Kind == BlockKind.Thinking)
        {
            Answer.AddReasoning(text.ValueSpan, text.ValueIsEscaped);
        }
    }

    private void AddToolCall(int index, string? id, string? name, string? arguments)
    {
        if (!Answer.AddToolCall(index, id, name, arguments))
        {
            Fail(ProviderFailure.FrameTooLarge, "tool calls");
        }
    }

    private void EndBlock(int index)
    {
        if (!_blocks.Remove(index, out var block) || Answer.IsFinished)
        {
            return;
        }

        if (block.Kind == BlockKind.ToolUse)
        {
            if (block.Input is { } input)
            {
                AddToolCall(index, id: null, name: null, input);
            }

            Answer.EndToolCall(index);
        }
        else if (block.Signature.Length > 0)
        {
            var isRedacted = block.Kind == BlockKind.Redacted;
            Answer.AddProtectedReasoning(AnthropicSignedThinking.Pack(_model, isRedacted, block.Signature.ToString()));
        }
    }

    private void ReadStopReason(ref Utf8JsonReader reader)
    {
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("stop_reason"u8))
            {
                Finish(ReadText(ref reader));
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void Finish(string? stop)
    {
        if (stop is null || Failure is not null)
        {
            return;
        }

        if (stop == "refusal" && !Answer.HasContent)
        {
            Fail(ProviderFailure.Blocked, stop);
            return;
        }

        foreach (var index in _blocks.Keys.Order().ToArray())
        {
            EndBlock(index);
        }

        Answer.Finish(
            stop switch
            {
                "end_turn" or "stop_sequence" => ChatFinishReason.Stop,
                "max_tokens" or "model_context_window_exceeded" => ChatFinishReason.Length,
                "tool_use" => ChatFinishReason.ToolCalls,
                "refusal" => ChatFinishReason.ContentFilter,
                _ => Other,
            }
        );
    }

    private void End()
    {
        IsDone = true;
        if (Failure is null && Answer.HasContent)
        {
            Answer.Finish(reason: null);
        }
    }

    private void ReadError(ref Utf8JsonReader reader)
    {
        string? type = null,
            message = null;
        while (NextProperty(ref reader, out var name))
        {
            if (name.SequenceEqual("type"u8))
            {
                type = ReadText(ref reader);
            }
            else if (name.SequenceEqual("message"u8))
            {
                message = ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Fail(AnthropicErrors.OfEvent(type, message ?? ""), $"{type} {message}");
    }

    private sealed class Block(BlockKind kind)
    {
        public BlockKind Kind { get; } = kind;

        /// <summary>The arguments of a tool call that came whole, until a piece of them arrives.</summary>
        public string? Input { get; set; }

        /// <summary>The signature of thinking, or redacted thinking itself.</summary>
        public StringBuilder Signature { get; } = new();
    }
}
