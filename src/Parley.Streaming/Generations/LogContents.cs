using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Generations;

/// <summary>An answer as a model is told it.</summary>
public static class LogContents
{
    /// <summary>Its text, the calls that were answered, and what they returned, in order. Text that goes on across a seam is one.</summary>
    /// <param name="log">The answer.</param>
    /// <param name="withReasoning">What the model thought, too.</param>
    /// <param name="withOpenCalls">Calls that nobody has answered, too: for when the answers follow.</param>
    public static IList<AIContent> Of(FoldedLog log, bool withReasoning = false, bool withOpenCalls = false)
    {
        var answered = log.Controls.Select(control => control.Control).OfType<ToolReturned>().Select(result => result.CallId).ToHashSet();
        List<AIContent> contents = [];
        var text = new StringBuilder();
        PartOpened? part = null;
        foreach (var entry in log.From(0))
        {
            switch (entry.Control)
            {
                case PartOpened { Continues: true } opened when opened.Part == part?.Part:
                    break;
                case PartOpened opened:
                    Take(part, text, contents);
                    part = opened;
                    break;
                case ToolReturned result:
                    Take(part, text, contents);
                    part = null;
                    contents.Add(
                        new FunctionResultContent(result.CallId, result.Result is { } json ? JsonElement.Parse(json) : result.Error)
                    );
                    break;
                case null:
                    text.Append(Encoding.UTF8.GetString(entry.Text));
                    break;
            }
        }

        Take(part, text, contents);
        return contents;

        void Take(PartOpened? ended, StringBuilder said, List<AIContent> into)
        {
            switch (ended?.Part)
            {
                case PartKind.Text when said.Length > 0:
                    into.Add(new TextContent(said.ToString()));
                    break;
                case PartKind.Reasoning when withReasoning && said.Length > 0:
                    into.Add(new TextReasoningContent(said.ToString()));
                    break;
                case PartKind.Tool when withOpenCalls || answered.Contains(ended.CallId!):
                    into.Add(ToolCallContents.Parse(ended.CallId!, ended.Name!, said.ToString()));
                    break;
            }

            said.Clear();
        }
    }
}
