using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;
using Parley.Streaming.Generations;
using Parley.Streaming.Providers;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// Finds the items of Responses by their ids. An id consists of the generation and the position at which the item begins, so nothing has to
/// be stored.
/// </summary>
public static class OpenAIItems
{
    private static readonly string[] Kinds = ["msg", "rs", "fc"];

    /// <summary>Parses an id.</summary>
    /// <param name="id">What the client sent.</param>
    /// <param name="generationId">The generation, in the text form of <see cref="GenerationId"/>.</param>
    /// <param name="position">The position at which the item begins.</param>
    public static bool TryParse(string id, [NotNullWhen(true)] out string? generationId, out long position)
    {
        (generationId, position) = (null, 0);
        var parts = id.Split('_');
        if (parts.Length != 3 || !Kinds.Contains(parts[0]) || !Guid.TryParseExact(parts[1], "N", out var generation))
        {
            return false;
        }

        if (!long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out position))
        {
            return false;
        }

        generationId = generation.ToString("D");
        return true;
    }

    /// <summary>
    /// The content of the part that begins at <paramref name="position"/>, joined with the parts that continue it across seams. Null when
    /// no part begins there.
    /// </summary>
    public static IReadOnlyList<AIContent>? ContentsAt(LogSnapshot log, long position)
    {
        PartOpened? wanted = null;
        var text = new StringBuilder();
        var isOpen = false;
        foreach (var entry in log.From(0))
        {
            switch (entry.Control)
            {
                case PartOpened opened when wanted is null && entry.End - 1 == position:
                    (wanted, isOpen) = (opened, true);
                    break;
                case PartOpened opened when wanted is not null:
                    isOpen = opened.Continues && opened.Part == wanted.Part;
                    if (!isOpen)
                    {
                        return Of(wanted, text.ToString());
                    }

                    break;
                case null when isOpen:
                    text.Append(Encoding.UTF8.GetString(entry.Text));
                    break;
            }
        }

        return wanted is null ? null : Of(wanted, text.ToString());
    }

    private static AIContent[] Of(PartOpened part, string text) =>
        part.Part switch
        {
            PartKind.Text => [new TextContent(text)],
            PartKind.Reasoning => [new TextReasoningContent(text)],
            PartKind.Tool => [ToolCallContents.Parse(part.CallId!, part.Name!, text)],
            _ => [],
        };
}
