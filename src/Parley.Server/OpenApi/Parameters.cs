using Microsoft.OpenApi;

namespace Parley.Server.OpenApi;

/// <summary>A parameter that a route reads.</summary>
/// <param name="In">Where it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Schema">Its schema, as JSON.</param>
/// <param name="Required">The route refuses a request without it.</param>
public sealed record ParameterMetadata(
    ParameterLocation In,
    string Name,
    string Description,
    string Schema = Parameters.Text,
    bool Required = false
);

/// <summary>The parameters that several routes have.</summary>
public static class Parameters
{
    public const string Text = """{"type":"string"}""",
        Uuid = """{"type":"string","format":"uuid"}""",
        Position = """{"type":"integer","format":"int64","minimum":0}""";

    public static ParameterMetadata ConversationId { get; } = Id("The conversation's id.");

    public static ParameterMetadata GenerationId { get; } = Id("The generation's id.");

    public static ParameterMetadata MessageId { get; } = Id("The message's id.");

    /// <summary>A conversation, by its id or by the client's name for it.</summary>
    public static ParameterMetadata ChatIdInPath { get; } = Id("The conversation's id, or the client's name for it.", Text);

    /// <summary>A conversation, by its id or by the client's name for it.</summary>
    public static ParameterMetadata ChatId { get; } = Query("chatId", "The conversation's id, or the client's name for it.", Text, true);

    public static ParameterMetadata UserId { get; } =
        Query("user_id", "The caller's own id; any other is refused. Optional: the credentials identify the caller.");

    public static ParameterMetadata Offset { get; } =
        Query("offset", "Number of items to skip.", """{"type":"integer","minimum":0,"maximum":1000000,"default":0}""");

    public static ParameterMetadata Limit(int usual, int max) =>
        Query("limit", "Maximum number of items to return.", $$"""{"type":"integer","minimum":1,"maximum":{{max}},"default":{{usual}}}""");

    public static ParameterMetadata Id(string description, string schema = Uuid) =>
        new(ParameterLocation.Path, "id", description, schema, true);

    public static ParameterMetadata Query(string name, string description, string schema = Text, bool required = false) =>
        new(ParameterLocation.Query, name, description, schema, required);

    public static ParameterMetadata Header(string name, string description, string schema = Text) =>
        new(ParameterLocation.Header, name, description, schema);
}
