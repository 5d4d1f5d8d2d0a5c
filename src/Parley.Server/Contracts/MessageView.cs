using System.ComponentModel;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.OpenApi;
using Parley.Streaming.Generations;

namespace Parley.Server.Contracts;

/// <summary>A message in the API: from its row, or from the log so far while its generation is running.</summary>
public sealed record MessageView(
    string Id,
    string ConversationId,
    string? ParentId,
    string Role,
    [property: Description("The text of all text parts; of a stopped answer only up to `stoppedAt`.")] string Content,
    IReadOnlyList<PartView> Parts,
    [property:
        Description("`complete` for messages that no model wrote; otherwise the generation's status."),
        SchemaValues("complete", "running", "completed", "stopped", "failed", "interrupted")
    ]
        string Status,
    string? Model,
    string? FinishReason,
    GenerationUsage? Usage,
    GenerationError? Error,
    string? GenerationId,
    [property: Description("The position at which `parts` end: follow a running generation after it.")] long? Position,
    [property: Description("Of a stopped answer: the last position that the client had displayed.")] long? StoppedAt,
    [property: Description("All messages with the same parent and role, in order of creation, including this one.")]
        IReadOnlyList<string> Siblings,
    DateTimeOffset CreatedAt
)
{
    public static async Task<List<MessageView>> OfAsync(
        ParleyDbContext db,
        IGenerationStore store,
        IReadOnlyList<Message> messages,
        CancellationToken cancellationToken
    )
    {
        var siblings = await SiblingsAsync(db, messages, cancellationToken);
        List<MessageView> views = new(messages.Count);
        foreach (var message in messages)
        {
            views.Add(await OfAsync(store, message, siblings[(message.ParentId, message.Role)], cancellationToken));
        }

        return views;
    }

    private static async Task<ILookup<(string?, string), string>> SiblingsAsync(
        ParleyDbContext db,
        IReadOnlyList<Message> messages,
        CancellationToken cancellationToken
    )
    {
        if (messages.Count == 0)
        {
            return Array.Empty<Message>().ToLookup(row => (row.ParentId, row.Role), row => row.Id);
        }

        var conversation = messages[0].ConversationId;
        var parents = messages.Select(message => message.ParentId).Distinct().ToArray();
        var withRoot = parents.Contains(null);
        var rows = await db
            .Messages.Where(row =>
                row.ConversationId == conversation && (parents.Contains(row.ParentId) || (withRoot && row.ParentId == null))
            )
            .OrderBy(row => row.Sequence)
            .Select(row => new
            {
                row.ParentId,
                row.Role,
                row.Id,
            })
            .ToListAsync(cancellationToken);
        return rows.ToLookup(row => (row.ParentId, row.Role), row => row.Id);
    }

    private static async Task<MessageView> OfAsync(
        IGenerationStore store,
        Message row,
        IEnumerable<string> siblings,
        CancellationToken cancellationToken
    )
    {
        var log =
            row.Status == "running" && Parley.Streaming.Generations.GenerationId.TryParse(row.GenerationId, out var id)
                ? await store.SnapshotAsync(id, cancellationToken)
                : MessageParts.Unfold(row.Content, row.Parts);
        var content =
            row.Status == "running" ? log.TextOf(PartKind.Text)
            : row.StoppedAt is { } at ? log.TextOf(PartKind.Text, at)
            : row.Content;

        // The generation may have ended between the two reads: then the log has the end.
        var ended = log.Ended;
        return new MessageView(
            row.Id,
            row.ConversationId,
            row.ParentId,
            row.Role,
            content,
            PartView.Of(log),
            ended?.Status.Name() ?? row.Status,
            row.Model,
            ended?.FinishReason ?? row.FinishReason,
            ended is null ? null : ended.Usage,
            ended?.Error,
            row.GenerationId,
            row.GenerationId is null ? null : log.End,
            ended?.StoppedAt ?? row.StoppedAt,
            [.. siblings],
            row.CreatedAt
        );
    }
}

/// <summary>A part of a message.</summary>
/// <param name="Type"><c>text</c>, <c>reasoning</c>, <c>tool</c> or <c>seam</c>.</param>
/// <param name="Position">The position of its first byte; for a seam, the position of the seam.</param>
public sealed record PartView(
    string Type,
    [property: Description("The position of its first byte, or of the seam.")] long Position,
    string? Text = null,
    string? CallId = null,
    string? Name = null,
    string? Arguments = null,
    JsonElement? Result = null,
    string? Error = null,
    string? Reason = null,
    string? Model = null
)
{
    public static List<PartView> Of(LogSnapshot log)
    {
        List<PartView> parts = [];
        foreach (var entry in log.From(0))
        {
            switch (entry.Control)
            {
                case PartOpened { Part: PartKind.Tool } call:
                    parts.Add(new PartView("tool", entry.End, CallId: call.CallId, Name: call.Name, Arguments: ""));
                    break;
                case PartOpened opened:
                    parts.Add(new PartView(opened.Part.ToString().ToLowerInvariant(), entry.End, Text: ""));
                    break;
                case Seam seam:
                    parts.Add(new PartView("seam", entry.End - 1, Reason: seam.Reason, Model: seam.Model));
                    break;
                case ToolReturned result:
                    var at = parts.FindLastIndex(part => part.CallId == result.CallId);
                    if (at >= 0)
                    {
                        parts[at] = parts[at] with
                        {
                            Result = result.Result is null ? null : JsonElement.Parse(result.Result),
                            Error = result.Error,
                        };
                    }

                    break;
                case null when parts.Count > 0:
                    var text = System.Text.Encoding.UTF8.GetString(entry.Text);
                    parts[^1] =
                        parts[^1].Type == "tool"
                            ? parts[^1] with
                            {
                                Arguments = parts[^1].Arguments + text,
                            }
                            : parts[^1] with
                            {
                                Text = parts[^1].Text + text,
                            };
                    break;
            }
        }

        return parts;
    }
}
