using System.Text;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers;

/// <summary>
/// Puts streamed tool calls one after the other. The first call passes straight through; what belongs to a later one
/// waits until the answer finishes, since only then is it certain that the first is complete.
/// </summary>
internal sealed class ToolCallSequencer(int maxBufferedChars)
{
    private const int MaxCalls = 128;
    private readonly List<Call> _calls = [];
    private int _buffered;

    public bool Any => _calls.Count > 0;

    /// <summary>
    /// Takes one delta. Any field may be missing: without an index, a new id or a name begins a call and anything else
    /// belongs to the last. False when the calls pass their bounds.
    /// </summary>
    public bool Append(int? index, string? id, string? name, string? arguments, List<AIContent> output)
    {
        var call = Find(index, id, name);
        if (call is null)
        {
            if (_calls.Count == MaxCalls)
                return false;
            call = new Call(index, id ?? $"call_{_calls.Count + 1}", id is not null);
            _calls.Add(call);
        }
        if (!string.IsNullOrEmpty(name))
            call.Name ??= name;
        if (!string.IsNullOrEmpty(arguments))
            call.Waiting.Append(arguments);

        if (call == _calls[0])
        {
            Release(call, output);
            return call.Waiting.Length <= maxBufferedChars;
        }
        _buffered += arguments?.Length ?? 0;
        return _buffered <= maxBufferedChars;
    }

    /// <summary>No more deltas come: ends the first call and passes on the others.</summary>
    public void Complete(List<AIContent> output)
    {
        foreach (var call in _calls)
        {
            call.Name ??= "unknown";
            Release(call, output);
            output.Add(new ToolCallEnded(call.Id));
        }
        _calls.Clear();
    }

    private Call? Find(int? index, string? id, string? name)
    {
        var isNew = id is not null && !_calls.Exists(c => c.Id == id);
        if (id is not null && !isNew)
            return _calls.Find(c => c.Id == id);
        if (index is not null)
        {
            // Some servers number every parallel call 0: a second id with a name is a second call.
            var call = _calls.FindLast(c => c.Index == index);
            return call is { HasOwnId: true } && isNew && !string.IsNullOrEmpty(name) ? null : call;
        }
        return isNew || !string.IsNullOrEmpty(name) || _calls.Count == 0 ? null : _calls[^1];
    }

    private static void Release(Call call, List<AIContent> output)
    {
        if (call.Name is null)
            return;
        if (!call.Started)
            output.Add(new ToolCallStarted(call.Id, call.Name));
        call.Started = true;
        if (call.Waiting.Length == 0)
            return;
        output.Add(new ToolCallArguments(call.Id, call.Waiting.ToString()));
        call.Waiting.Clear();
    }

    private sealed class Call(int? index, string id, bool hasOwnId)
    {
        public int? Index { get; } = index;

        public string Id { get; } = id;

        public bool HasOwnId { get; } = hasOwnId;

        public string? Name { get; set; }

        public bool Started { get; set; }

        public StringBuilder Waiting { get; } = new();
    }
}
