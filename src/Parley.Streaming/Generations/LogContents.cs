using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Generations;

/// <summary>A log as the contents of an assistant message for a model.</summary>
public static class LogContents
{
    /// <summary>
    /// The text, the tool calls that have results, and those results, in order. Text that continues across a <see cref="Seam"/> is joined.
    /// </summary>
    /// <param name="log">The answer.</param>
    /// <param name="withReasoning">Include reasoning.</param>
    /// <param name="withOpenCalls">Include tool calls without a result: for a prompt in which their results follow.</param>
    public static IList<AIContent> Of(LogSnapshot log, bool withReasoning = false, bool withOpenCalls = false)
    {
        var answered = log.Controls.Select(control => control.Entry).OfType<ToolReturned>().Select(result => result.CallId).ToHashSet();
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
                    FinishPart();
                    part = opened;
                    break;
                case ToolReturned result:
                    FinishPart();
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

        FinishPart();
        return contents;

        void FinishPart()
        {
            switch (part?.Part)
            {
                case PartKind.Text when text.Length > 0:
                    contents.Add(new TextContent(text.ToString()));
                    break;
                case PartKind.Reasoning when withReasoning && text.Length > 0:
                    contents.Add(new TextReasoningContent(text.ToString()));
                    break;
                case PartKind.Tool when withOpenCalls || answered.Contains(part.CallId!):
                    contents.Add(ToolCallContents.Parse(part.CallId!, part.Name!, text.ToString()));
                    break;
            }

            text.Clear();
        }
    }
}
