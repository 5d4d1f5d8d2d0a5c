using Microsoft.Extensions.AI;

namespace Parley.Streaming.Generations;

/// <summary>Asks a model to go on with an answer.</summary>
internal static class Continuation
{
    private const string Instruction =
        "Your answer was cut off. Continue it from exactly where it stops: do not repeat anything, do not introduce it.";

    /// <summary>
    /// The request's messages with the beginning of the answer after them: as a prefix where the model takes one, otherwise with the instruction to go on. After a tool's result a model goes on by itself.
    /// Calls that nobody has answered are left out: no model takes them.
    /// </summary>
    public static IReadOnlyList<ChatMessage> Of(GenerationRequest request, FoldedLog prefix)
    {
        var said = LogContents.Of(prefix, withReasoning: request.AcceptsPrefix);
        if (said.All(content => content is TextReasoningContent) && !request.AcceptsPrefix || said.Count == 0)
        {
            return request.Messages;
        }

        var assistant = new ChatMessage(ChatRole.Assistant, said);
        return request.AcceptsPrefix || said[^1] is FunctionResultContent
            ? [.. request.Messages, assistant]
            : [.. request.Messages, assistant, new ChatMessage(ChatRole.User, Instruction)];
    }
}
