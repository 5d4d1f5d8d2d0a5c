using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Updates;

/// <summary>
/// Makes updates of what a family's reader finds: valid text, tool calls in sequence, one finish reason, the last usage.
/// </summary>
internal sealed class AnswerBuilder(string model, int maxToolCallChars)
{
    private readonly ToolCallSequencer _toolCalls = new(maxToolCallChars);
    private readonly List<AIContent> _contents = [];
    private TextNormalizer _text;
    private TextNormalizer _reasoning;
    private string? _expectedStart;
    private bool _hadToolCalls;

    /// <summary>Updates to pass on; the caller clears it.</summary>
    public List<ChatResponseUpdate> Ready { get; } = [];

    /// <summary>The answer has its finish reason.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>The answer has text, reasoning or a tool call.</summary>
    public bool HasContent { get; private set; }

    /// <summary>The provider's id of the response, set on each update once it is known.</summary>
    public string? ResponseId { get; set; }

    /// <summary>The last usage received. Sent at the end.</summary>
    public UsageDetails? Usage { get; set; }

    /// <summary>
    /// White space that the prompt's last message ended with but that could not be sent: the answer may begin with it again.
    /// </summary>
    public void SkipAtStart(string whiteSpace) => _expectedStart = whiteSpace;

    /// <summary>Takes the raw bytes of a JSON string.</summary>
    public void AddText(ReadOnlySpan<byte> json, bool escaped)
    {
        if (_text.Append(json, escaped) is { } text && WithoutRepeatedStart(text) is { Length: > 0 } rest)
        {
            Emit(new TextContent(rest));
        }
    }

    /// <summary>Takes the raw bytes of a JSON string.</summary>
    public void AddReasoning(ReadOnlySpan<byte> json, bool escaped)
    {
        if (_reasoning.Append(json, escaped) is { } text)
        {
            Emit(new TextReasoningContent(text));
        }
    }

    /// <summary>
    /// What the provider wants back with the reasoning before it, in a form that only its family reads. See
    /// <see cref="TextReasoningContent.ProtectedData"/>.
    /// </summary>
    public void AddProtectedReasoning(string data) => Emit(new TextReasoningContent(null) { ProtectedData = data });

    /// <summary>The call with this index is complete.</summary>
    public void EndToolCall(int index)
    {
        _toolCalls.End(index, _contents);
        EmitContents();
    }

    /// <summary>False when the calls exceed their limits.</summary>
    public bool AddToolCall(int? index, string? id, string? name, string? arguments)
    {
        _hadToolCalls = true;
        var fits = _toolCalls.Append(index, id, name, arguments, _contents);
        EmitContents();
        return fits;
    }

    /// <summary>Finishes the answer, once. Without a reason the contents determine it.</summary>
    public void Finish(ChatFinishReason? reason)
    {
        if (IsFinished)
        {
            return;
        }

        Flush();
        _toolCalls.Complete(_contents);
        EmitContents();
        IsFinished = true;
        Ready.Add(
            new ChatResponseUpdate
            {
                Role = ChatRole.Assistant,
                FinishReason = reason ?? (_hadToolCalls ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop),
                ResponseId = ResponseId,
                ModelId = model,
            }
        );
    }

    /// <summary>Nothing more comes: passes on what is held, and the usage.</summary>
    public void End()
    {
        if (!IsFinished)
        {
            Flush();
        }

        if (Usage is not null)
        {
            Emit(new UsageContent(Usage));
        }
    }

    private string WithoutRepeatedStart(string text)
    {
        if (string.IsNullOrEmpty(_expectedStart))
        {
            return text;
        }

        var same = text.AsSpan().CommonPrefixLength(_expectedStart);
        _expectedStart = same == text.Length ? _expectedStart[same..] : null;
        return text[same..];
    }

    private void Flush()
    {
        if (_reasoning.Flush() is { } reasoning)
        {
            Emit(new TextReasoningContent(reasoning));
        }

        if (_text.Flush() is { } text)
        {
            Emit(new TextContent(text));
        }
    }

    private void EmitContents()
    {
        foreach (var content in _contents)
        {
            Emit(content);
        }

        _contents.Clear();
    }

    private void Emit(AIContent content)
    {
        HasContent = true;
        Ready.Add(
            new ChatResponseUpdate
            {
                Role = ChatRole.Assistant,
                Contents = new[] { content },
                ResponseId = ResponseId,
                ModelId = model,
            }
        );
    }
}
