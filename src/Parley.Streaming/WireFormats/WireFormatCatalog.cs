using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// The wire formats that clients can choose by name, for example with <c>?format=</c>. A new format is registered here and nowhere else.
/// </summary>
public static class WireFormatCatalog
{
    /// <summary>Parley's own events: <see cref="NativeEvents"/>.</summary>
    public static NamedWireFormat Native { get; } = new("native", static info => new NativeEvents(info));

    /// <summary>Text alone as events: <see cref="TokenEvents"/>.</summary>
    public static NamedWireFormat Token { get; } = new("token", static _ => new TokenEvents());

    /// <summary>Events that repeat the answer so far: <see cref="ContentEvents"/>.</summary>
    public static NamedWireFormat Content { get; } = new("content", static _ => new ContentEvents());

    /// <summary>Plain text: <see cref="RawText"/>.</summary>
    public static NamedWireFormat Text { get; } = new("text", static _ => new RawText());

    /// <summary>The data stream of AI SDK 4: <see cref="DataStream"/>.</summary>
    public static NamedWireFormat Data { get; } = new("data", static info => new DataStream(info));

    /// <summary>Another name of <see cref="Data"/>.</summary>
    public static NamedWireFormat V4 { get; } = new("v4", static info => new DataStream(info));

    /// <summary>The data stream of AI SDK 3: <see cref="DataStream"/>.</summary>
    public static NamedWireFormat V3 { get; } = new("v3", static info => new DataStream(info, DataStreamVersion.AiSdk3));

    /// <summary>
    /// The UI message stream of AI SDK 5, 6 and 7: <see cref="UiMessageStream"/>. It keeps track of its parts, so it reads them all.
    /// </summary>
    public static NamedWireFormat Ui { get; } =
        new("ui", static info => new UiMessageStream(info), static (info, messageId, from) => new UiMessageStream(info, messageId, from));

    /// <summary>The stream of OpenAI's Chat Completions: <see cref="ChatCompletionChunks"/>.</summary>
    public static NamedWireFormat Chat { get; } =
        new("chat", static info => new ChatCompletionChunks(info, includeUsage: true, declaredTools: null));

    /// <summary>The stream of OpenAI's Responses: <see cref="ResponseEvents"/>.</summary>
    public static NamedWireFormat Responses { get; } = new("responses", static info => new ResponseEvents(info, null, null));

    /// <summary>All formats.</summary>
    public static IReadOnlyList<NamedWireFormat> All { get; } = [Native, Token, Content, Text, Data, V4, V3, Ui, Chat, Responses];

    private static readonly Dictionary<string, NamedWireFormat> ByName = All.ToDictionary(
        format => format.Name,
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>The format with this name, in upper or lower case; null if there is none.</summary>
    public static NamedWireFormat? Find(string name) => ByName.GetValueOrDefault(name);
}
