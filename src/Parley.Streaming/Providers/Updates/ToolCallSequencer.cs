using System.Text;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Updates;

/// <summary>
/// Puts streamed tool calls in sequence. The first call passes straight through; the fragments of a later one are held until the calls
/// before it end: where the protocol says so, else when the answer finishes.
/// </summary>
/// <param name="maxCallChars">The largest size of one call's arguments, and of all fragments held, in characters.</param>
internal sealed class ToolCallSequencer(int maxCallChars)
{
    private const int MaxCalls = 128;
    private readonly List<Call> _calls = [];
    private int _begun;
    private int _held;

    /// <summary>
    /// Takes one delta. Any field may be missing: without an index, a new id or a name begins a call and anything else
    /// belongs to the last call. False when the calls exceed their limits.
    /// </summary>
    public bool Append(int? index, string? id, string? name, string? arguments, List<AIContent> output)
    {
        var call = Find(index, id, name);
        if (call is null)
        {
            if (_begun == MaxCalls)
            {
                return false;
            }

            _begun++;
            call = new Call(index, id ?? $"call_{_begun}", id is not null);
            _calls.Add(call);
        }

        if (!string.IsNullOrEmpty(name))
        {
            call.Name ??= name;
        }

        call.Arguments.Append(arguments);
        if (call == _calls[0])
        {
            Release(call, output);
        }
        else
        {
            _held += arguments?.Length ?? 0;
        }

        return call.Arguments.Length <= maxCallChars && _held <= maxCallChars;
    }

    /// <summary>No more deltas come for the call with this index, and none without an index.</summary>
    public void End(int index, List<AIContent> output)
    {
        if (_calls.FindLast(call => call.Index == index) is { } ended)
        {
            ended.IsEnded = true;
        }

        while (_calls.Count > 0 && _calls[0].IsEnded)
        {
            Complete(_calls[0], output);
            _calls.RemoveAt(0);
        }

        if (_calls.Count > 0)
        {
            Release(_calls[0], output);
        }
    }

    /// <summary>No more deltas come: ends the first call and passes on the others.</summary>
    public void Complete(List<AIContent> output)
    {
        foreach (var call in _calls)
        {
            Complete(call, output);
        }

        _calls.Clear();
    }

    private static void Complete(Call call, List<AIContent> output)
    {
        call.Name ??= "unknown";
        Release(call, output);
        output.Add(new ToolCallEnded(call.Id));
        output.Add(ToolCallContents.Parse(call.Id, call.Name, call.Arguments.ToString()));
    }

    private Call? Find(int? index, string? id, string? name)
    {
        var isNew = id is not null && !_calls.Exists(call => call.Id == id);
        if (id is not null && !isNew)
        {
            return _calls.Find(call => call.Id == id);
        }

        if (index is not null)
        {
            // Some servers number every parallel call 0: a second id with a name is a second call.
            var call = _calls.FindLast(call => call.Index == index);
            return call is { HasOwnId: true } && isNew && !string.IsNullOrEmpty(name) ? null : call;
        }

        return isNew || !string.IsNullOrEmpty(name) || _calls.Count == 0 ? null : _calls[^1];
    }

    private static void Release(Call call, List<AIContent> output)
    {
        if (call.Name is null)
        {
            return;
        }

        if (!call.IsStarted)
        {
            output.Add(new ToolCallStarted(call.Id, call.Name));
            call.IsStarted = true;
        }

        if (call.Released < call.Arguments.Length)
        {
            output.Add(new ToolCallArgumentsDelta(call.Id, call.Arguments.ToString(call.Released, call.Arguments.Length - call.Released)));
            call.Released = call.Arguments.Length;
        }
    }

    private sealed class Call(int? index, string id, bool hasOwnId)
    {
        public int? Index { get; } = index;

        public string Id { get; } = id;

        public bool HasOwnId { get; } = hasOwnId;

        public string? Name { get; set; }

        public bool IsStarted { get; set; }

        public bool IsEnded { get; set; }

        /// <summary>All of the arguments so far.</summary>
        public StringBuilder Arguments { get; } = new();

        /// <summary>How many characters of the arguments have been passed on.</summary>
        public int Released { get; set; }
    }
}
