using Parley.Server.Compatibility.Convex;
using Parley.Server.Data.Model;
using Parley.Server.Http;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.OpenApi;

/// <summary>A parameter that a route reads.</summary>
/// <param name="In">Where it is: <c>path</c>, <c>query</c> or <c>header</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Schema">Its schema, as JSON.</param>
/// <param name="Required">The route refuses a request without it.</param>
public sealed record ParameterMetadata(string In, string Name, string Description, string Schema = Parameters.Text, bool Required = false);

/// <summary>The parameters of all routes.</summary>
public static class Parameters
{
    internal const string Text = """{"type":"string"}""";

    private const string Path = "path",
        Query = "query",
        Header = "header";

    private const string Position = """{"type":"integer","format":"int64","minimum":0}""";

    private const string Uuid = """{"type":"string","format":"uuid"}""";

    public static ParameterMetadata GenerationId { get; } = new(Path, "id", "The generation's id.", Uuid, true);

    public static ParameterMetadata ConversationId { get; } = new(Path, "id", "The conversation's id.", Uuid, true);

    public static ParameterMetadata MessageId { get; } = new(Path, "id", "The message's id.", Uuid, true);

    public static ParameterMetadata ChatIdInPath { get; } =
        new(Path, "id", "The conversation's id, or the name that its client gave it.", Text, true);

    public static ParameterMetadata ResponseId { get; } =
        new(Path, "id", "The Response's id.", """{"type":"string","pattern":"^resp_[0-9a-f]{32}$"}""", true);

    public static ParameterMetadata ModelId { get; } = new(Path, "id", "The model's name. It may have slashes.", Text, true);

    public static ParameterMetadata ChatId { get; } =
        new(Query, "chatId", "The conversation's id, or the name that its client gave it.", Text, true);

    public static ParameterMetadata ChatIdToResume { get; } =
        new(Query, "chatId", "Resumes this conversation's answer, as `GET /api/chat` does, instead of listing.", Text);

    public static ParameterMetadata SessionId { get; } = new(Query, "sessionId", "What `POST /chat/start` answered.", Uuid, true);

    public static ParameterMetadata StreamChatId { get; } =
        new(Path, "id", "The chat's id: what `POST /chat-stream/create` answered.", Uuid, true);

    public static ParameterMetadata TextStreamId { get; } = new(Query, "streamId", "What `POST /chat-stream/create` answered.", Uuid, true);

    public static ParameterMetadata LiveBody { get; } =
        new(
            Query,
            "live",
            "Without it the answer is what is there. `sse`, or `Accept: text/event-stream`, goes on as Server-Sent Events.",
            """{"type":"string","enum":["sse"]}"""
        );

    public static ParameterMetadata ConversationToDelete { get; } = new(Query, "id", "The conversation to delete.", Text, true);

    public static ParameterMetadata UserId { get; } =
        new(Query, "user_id", "The caller's own id, or nothing: who asks comes from the credentials.", Text);

    public static ParameterMetadata Offset { get; } =
        new(Query, "offset", "How many to pass over.", """{"type":"integer","minimum":0,"maximum":1000000,"default":0}""");

    public static ParameterMetadata PageCursor { get; } = new(Query, "cursor", "`nextCursor` of the page before.", Text);

    public static ParameterMetadata Before { get; } = new(Query, "before", "`previous` of the page after: messages before this one.", Uuid);

    public static ParameterMetadata Order { get; } =
        new(Query, "order", "The newest first, or the oldest.", """{"type":"string","enum":["desc","asc"],"default":"desc"}""");

    public static ParameterMetadata Archived { get; } =
        new(
            Query,
            "archived",
            "Whether archived conversations are listed.",
            """{"type":"string","enum":["exclude","include","only"],"default":"exclude"}"""
        );

    public static ParameterMetadata Format { get; } =
        new(
            Query,
            "format",
            "The wire format of the answer, whatever the request looks like.",
            $$"""{"type":"string","enum":[{{string.Join(',', WireFormatCatalog.All.Select(format => format.Name).Select(name => $"\"{name}\""))}}]}"""
        );

    public static ParameterMetadata After { get; } =
        new(Query, "after", "The position that the reader has: the `id` of its last event.", Position);

    public static ParameterMetadata LastEventIdInQuery { get; } = new(Query, "lastEventId", "The same as `after`.", Position);

    public static ParameterMetadata LastEventId { get; } =
        new(
            Header,
            "Last-Event-ID",
            "The same as `after`, and goes before it: an `EventSource` sends it by itself when it comes back.",
            Position
        );

    public static ParameterMetadata IdempotencyKey { get; } =
        new(
            Header,
            "Idempotency-Key",
            "A name for this start. The same key with the same request attaches to what the first one began, and never begins a second.",
            """{"type":"string","minLength":1,"maxLength":255,"pattern":"^[!-~]+$"}"""
        );

    public static ParameterMetadata StreamOffset { get; } =
        new(
            Query,
            "offset",
            "Where to read from: `-1` for the beginning, `now` for the end, or the last `Stream-Next-Offset`.",
            """{"type":"string","default":"-1"}"""
        );

    public static ParameterMetadata Live { get; } =
        new(
            Query,
            "live",
            "Without it the answer is what is there. `long-poll` waits for more; `sse` goes on as Server-Sent Events. Both need `offset`.",
            """{"type":"string","enum":["long-poll","sse"]}"""
        );

    public static ParameterMetadata StreamCursor { get; } = new(Query, "cursor", "The last `Stream-Cursor`.", Text);

    public static ParameterMetadata IfNoneMatch { get; } = new(Header, "If-None-Match", "An `ETag` that the reader has.", Text);

    public static ParameterMetadata Stream { get; } =
        new(
            Query,
            "stream",
            "`true`: events, instead of the object as it stands.",
            """{"type":"string","enum":["true","false"],"default":"false"}"""
        );

    public static ParameterMetadata StartingAfter { get; } =
        new(Query, "starting_after", "The `sequence_number` of the last event that the reader has.", Position);

    /// <summary>The same parameter, on a route that passes over what it cannot read: browsers keep positions across pages, and polyfills invent them.</summary>
    public static ParameterMetadata Lenient(ParameterMetadata position) =>
        position with
        {
            Schema = Text,
            Description = position.Description + " One that is no good is as none.",
        };

    /// <summary>How many to answer.</summary>
    public static ParameterMetadata Limit(int usual, int most) =>
        new(Query, "limit", "How many to answer.", $$"""{"type":"integer","minimum":1,"maximum":{{most}},"default":{{usual}}}""");
}
