using Microsoft.Extensions.AI;

namespace Parley.Streaming.Generations;

/// <summary>Asks a model to go on with an answer.</summary>
internal static class Continuation
{
    private const string Instruction = "Your answer was cut off. Continue it from exactly where it stops: do not repeat anything, do not introduce it.";

    /// <summary>The request's messages with the beginning of the answer after them: as a prefix where the model takes one, otherwise with the instruction to go on.</summary>
    public static IReadOnlyList<ChatMessage> Of(GenerationRequest request, FoldedLog prefix)
    {
        List<AIContent> said = [];
        var text = prefix.TextOf(PartKind.Text);
        var reasoning = prefix.TextOf(PartKind.Reasoning);
        if (request.AcceptsPrefix && reasoning.Length > 0) said.Add(new TextReasoningContent(reasoning));
        if (text.Length > 0) said.Add(new TextContent(text));
        if (said.Count == 0) return request.Messages;

        var assistant = new ChatMessage(ChatRole.Assistant, said);
        return request.AcceptsPrefix
            ? [.. request.Messages, assistant]
            : [.. request.Messages, assistant, new ChatMessage(ChatRole.User, Instruction)];
    }
}
