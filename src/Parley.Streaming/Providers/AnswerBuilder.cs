using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers;

/// <summary>Makes updates out of what a family's reader finds: text made whole, tool calls in order, one finish, the last usage.</summary>
internal sealed class AnswerBuilder(string model, int maxToolCallChars)
{
    private readonly ToolCallSequencer _toolCalls = new(maxToolCallChars);
    private readonly List<AIContent> _contents = [];
    private TextNormalizer _text;
    private TextNormalizer _reasoning;
    private bool _hadToolCalls;

    /// <summary>Updates to pass on; whoever passes them on clears it.</summary>
    public List<ChatResponseUpdate> Ready { get; } = [];

    /// <summary>The answer has its finish reason.</summary>
    public bool IsFinished { get; private set; }

    public bool HasContent { get; private set; }

    public string? ResponseId { get; set; }

    /// <summary>The last one counts.</summary>
    public UsageDetails? Usage { get; set; }

    /// <summary>Takes the raw bytes of a JSON string.</summary>
    public void AddText(ReadOnlySpan<byte> json, bool escaped)
    {
        if (_text.Append(json, escaped) is { } text)
            Emit(new TextContent(text));
    }

    /// <summary>Takes the raw bytes of a JSON string.</summary>
    public void AddReasoning(ReadOnlySpan<byte> json, bool escaped)
    {
        if (_reasoning.Append(json, escaped) is { } text)
            Emit(new TextReasoningContent(text));
    }

    /// <summary>False when the calls pass their bounds.</summary>
    public bool AddToolCall(int? index, string? id, string? name, string? arguments)
    {
        _hadToolCalls = true;
        var fits = _toolCalls.Append(index, id, name, arguments, _contents);
        EmitContents();
        return fits;
    }

    /// <summary>The first finish counts. Without a reason it is what the contents say.</summary>
    public void Finish(ChatFinishReason? reason)
    {
        if (IsFinished)
            return;
        Flush();
        _toolCalls.Complete(_contents);
        EmitContents();
        IsFinished = true;
        Ready.Add(new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = reason ?? (_hadToolCalls ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop),
            ResponseId = ResponseId,
            ModelId = model,
        });
    }

    /// <summary>Nothing more comes: passes on what is held back, and the usage.</summary>
    public void End()
    {
        if (!IsFinished)
            Flush();
        if (Usage is not null)
            Emit(new UsageContent(Usage));
    }

    private void Flush()
    {
        if (_reasoning.Flush() is { } reasoning)
            Emit(new TextReasoningContent(reasoning));
        if (_text.Flush() is { } text)
            Emit(new TextContent(text));
    }

    private void EmitContents()
    {
        foreach (var content in _contents)
            Emit(content);
        _contents.Clear();
    }

    private void Emit(AIContent content)
    {
        HasContent = true;
        Ready.Add(new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            Contents = new[] { content },
            ResponseId = ResponseId,
            ModelId = model,
        });
    }
}
