using Microsoft.Extensions.AI;

namespace Parley.Streaming.Generations;

/// <summary>Makes the prompt that continues an answer.</summary>
internal static class Continuation
{
    private const string Instruction =
        "Your answer was cut off. Continue it from exactly where it stops: do not repeat anything, do not introduce it.";

    /// <summary>
    /// The request's messages, followed by the beginning of the answer: as a prefix where the model takes one, otherwise with an
    /// instruction to continue. After a tool's result no instruction is needed. Tool calls without a result are left out, since no model
    /// accepts them.
    /// </summary>
    public static IReadOnlyList<ChatMessage> Of(GenerationRequest request, LogSnapshot prefix)
    {
        var contents = LogContents.Of(prefix, withReasoning: request.AcceptsPrefix);
        if (contents.Count == 0 || (!request.AcceptsPrefix && contents.All(content => content is TextReasoningContent)))
        {
            return request.Messages;
        }

        var assistant = new ChatMessage(ChatRole.Assistant, contents);
        return request.AcceptsPrefix || contents[^1] is FunctionResultContent
            ? [.. request.Messages, assistant]
            : [.. request.Messages, assistant, new ChatMessage(ChatRole.User, Instruction)];
    }
}
