namespace Parley.Streaming.WireFormats;

/// <summary>
/// The tool calls of one answer that a format has written. A client may fail at a result for a call that it does not know, or at a second
/// result.
/// </summary>
internal sealed class ToolCalls
{
    /// <summary>The error of a call whose result never arrived.</summary>
    public const string NeverReturned = "The answer ended before the tool returned.";

    private static readonly byte[] NoArguments = "{}"u8.ToArray();
    private readonly OrderedDictionary<string, bool> _answered = [];
    private int _unanswered;

    /// <summary>Whether a call waits for its result.</summary>
    public bool AnyUnanswered => _unanswered > 0;

    /// <summary>The calls that wait for their results, in order.</summary>
    public IEnumerable<string> Unanswered => _answered.Where(call => !call.Value).Select(call => call.Key);

    /// <summary>The arguments of a call, given its text. A model that has none to give may send nothing.</summary>
    public static ReadOnlyMemory<byte> Arguments(ReadOnlyMemory<byte> text) =>
        text.Span.IndexOfAnyExcept(" \t\r\n"u8) < 0 ? NoArguments : text;

    /// <summary>A call starts.</summary>
    public void Add(string callId)
    {
        if (!_answered.TryGetValue(callId, out var answered) || answered)
        {
            _unanswered++;
        }

        _answered[callId] = false;
    }

    /// <summary>Whether there is such a call.</summary>
    public bool Knows(string callId) => _answered.ContainsKey(callId);

    /// <summary>A call is answered. False when no such call waits.</summary>
    public bool TryAnswer(string callId)
    {
        if (!_answered.TryGetValue(callId, out var answered) || answered)
        {
            return false;
        }

        _answered[callId] = true;
        _unanswered--;
        return true;
    }
}
