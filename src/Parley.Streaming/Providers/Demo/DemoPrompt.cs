using System.Text;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Demo;

/// <summary>What the demo models read of a conversation.</summary>
/// <param name="Question">The text of the last user message.</param>
/// <param name="QuestionNumber">How many user messages there are.</param>
/// <param name="Text">The text that already follows the question: a prefix to continue.</param>
/// <param name="Reasoning">The reasoning that already follows the question.</param>
/// <param name="Contents">Everything that already follows the question.</param>
internal sealed record DemoPrompt(string Question, int QuestionNumber, string Text, string Reasoning, IReadOnlyList<AIContent> Contents)
{
    /// <summary>About four characters a token.</summary>
    public int InputTokenCount => (Question.Length / 4) + 1;

    public static DemoPrompt Of(IEnumerable<ChatMessage> messages)
    {
        var all = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var question = -1;
        var number = 0;
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].Role == ChatRole.User)
            {
                question = i;
                number++;
            }
        }

        AIContent[] contents =
        [
            .. all.Skip(question + 1)
                .Where(message => message.Role == ChatRole.Assistant || message.Role == ChatRole.Tool)
                .SelectMany(message => message.Contents),
        ];
        return new DemoPrompt(
            question < 0 ? "" : all[question].Text,
            number,
            Join<TextContent>(contents, content => content.Text),
            Join<TextReasoningContent>(contents, content => content.Text),
            contents
        );
    }

    private static string Join<T>(IEnumerable<AIContent> contents, Func<T, string> text)
        where T : AIContent
    {
        var joined = new StringBuilder();
        foreach (var content in contents.OfType<T>())
        {
            joined.Append(text(content));
        }

        return joined.ToString();
    }
}
