using System.Text;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Demo;

/// <summary>What the built-in models look at: the question, which turn it is, and what of the answer is already there.</summary>
internal sealed record Conversation(string Question, int Turn, string Text, string Reasoning, IReadOnlyList<AIContent> Answer)
{
    public static Conversation Of(IEnumerable<ChatMessage> messages)
    {
        var all = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var question = -1;
        var turn = 0;
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].Role != ChatRole.User)
                continue;
            question = i;
            turn++;
        }
        AIContent[] answer = [.. all.Skip(question + 1).Where(m => m.Role == ChatRole.Assistant || m.Role == ChatRole.Tool).SelectMany(m => m.Contents)];
        return new Conversation(question < 0 ? "" : all[question].Text, turn, Join<TextContent>(answer, c => c.Text), Join<TextReasoningContent>(answer, c => c.Text), answer);
    }

    private static string Join<T>(IEnumerable<AIContent> contents, Func<T, string> text)
        where T : AIContent
    {
        var joined = new StringBuilder();
        foreach (var content in contents.OfType<T>())
            joined.Append(text(content));
        return joined.ToString();
    }
}
