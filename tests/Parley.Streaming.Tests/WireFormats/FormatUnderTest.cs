using System.Buffers;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>A format of the catalogue, and how its clients read it. A new format needs one more entry in <see cref="All"/>.</summary>
/// <param name="Name">The name of its golden file, and on the page that documents it.</param>
/// <param name="Format">The format in the catalogue.</param>
/// <param name="Read">A client of the format. It fails where a real one fails.</param>
/// <param name="FrameEnd">What everything that is written ends with: no frame is ever cut.</param>
/// <param name="Features">What its clients can show.</param>
/// <param name="End">How its clients see an end.</param>
/// <param name="HasOwnCases">
/// Its golden file has cases of its own (<see cref="GoldenCases"/>), instead of <see cref="GoldenLog.All"/>.
/// </param>
internal sealed record FormatUnderTest(
    string Name,
    NamedWireFormat Format,
    Func<byte[], RenderedAnswer> Read,
    string FrameEnd,
    ClientFeatures Features,
    Func<GenerationEnded, string?> End,
    bool HasOwnCases = false
)
{
    public static GenerationInfo Info { get; } = new("conv_1", "gen_1", "msg_1", "demo/parley", DateTimeOffset.UnixEpoch);

    public static IReadOnlyList<FormatUnderTest> All { get; } =
    [
        new(
            "native-events",
            WireFormatCatalog.Native,
            FormatReaders.NativeEvents,
            "\n\n",
            ClientFeatures.Reasoning | ClientFeatures.Tools,
            Reason
        ),
        new("token-events", WireFormatCatalog.Token, FormatReaders.TokenEvents, "\n\n", ClientFeatures.Text, end =>
            end.Error is null ? "done" : Reason(end)
        ),
        new("content-events", WireFormatCatalog.Content, FormatReaders.ContentEvents, "\n\n", ClientFeatures.Text, Reason),
        new("raw-text", WireFormatCatalog.Text, FormatReaders.RawText, "", ClientFeatures.Text, _ => null),
        new(
            "data-stream",
            WireFormatCatalog.Data,
            DataStreamReader.Read4,
            "\n",
            ClientFeatures.Reasoning | ClientFeatures.Tools | ClientFeatures.EndsCalls | ClientFeatures.Sources | ClientFeatures.Data,
            DataStreamReason
        ),
        new(
            "data-stream-3",
            WireFormatCatalog.V3,
            DataStreamReader.Read3,
            "\n",
            ClientFeatures.Tools | ClientFeatures.EndsCalls | ClientFeatures.Data,
            DataStreamReason
        ),
        new("ui-message-stream", WireFormatCatalog.Ui, UiMessageStreamReader.Read, "\n\n", ClientFeatures.All, Reason),
        new(
            "chat-completions",
            WireFormatCatalog.Chat,
            FormatReaders.ChatCompletions,
            "\n\n",
            ClientFeatures.Reasoning,
            ChatCompletionReason,
            HasOwnCases: true
        ),
        new(
            "responses",
            WireFormatCatalog.Responses,
            FormatReaders.Responses,
            "\n\n",
            ClientFeatures.Reasoning,
            ResponseReason,
            HasOwnCases: true
        ),
    ];

    public static TheoryData<string> Names => [.. All.Select(format => format.Name)];

    public static TheoryData<string> NamesWithCursor => [.. All.Where(format => format.HasCursor).Select(format => format.Name)];

    public static TheoryData<string> NamesOfGoldenLogs => [.. All.Where(format => !format.HasOwnCases).Select(format => format.Name)];

    public bool HasCursor => Create().HasCursor;

    public static FormatUnderTest Of(string name) => All.Single(format => format.Name == name);

    public WireFormat Create() => Format.Create(Info);

    /// <summary>The start, and then the log in slices that end at <paramref name="cuts"/>.</summary>
    public byte[] Write(LogSnapshot log, params IEnumerable<long> cuts)
    {
        var output = new ArrayBufferWriter<byte>();
        var format = Create();
        format.WriteStart(output);
        WriteTo(format, log, 0, cuts, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>What a reader with a cursor gets.</summary>
    public byte[] WriteFrom(LogSnapshot log, long from, long to)
    {
        var output = new ArrayBufferWriter<byte>();
        Create().Write(log.Between(from, to), output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The rest of the log in slices that end at <paramref name="cuts"/>, and what is held back at its end.</summary>
    public static void WriteTo(WireFormat format, LogSnapshot log, long from, IEnumerable<long> cuts, IBufferWriter<byte> output)
    {
        foreach (var cut in cuts.Append(log.End))
        {
            if (cut <= from)
            {
                continue;
            }

            format.Write(log.Between(from, cut), output);
            from = cut;
        }

        format.WriteHeld(output);
    }

    private static string Reason(GenerationEnded end) => end.Error is { } error ? "error: " + error.Message : end.FinishReason;

    private static string DataStreamReason(GenerationEnded end) =>
        end.Error is null && end.FinishReason == FinishReasons.Stopped ? "other" : Reason(end);

    private static string ChatCompletionReason(GenerationEnded end) =>
        end switch
        {
            { Error: not null } => Reason(end),
            { FinishReason: FinishReasons.Length } => "length",
            { FinishReason: FinishReasons.ContentFilter } => "content_filter",
            _ => "stop",
        };

    private static string ResponseReason(GenerationEnded end) =>
        end switch
        {
            { Error: not null } => Reason(end),
            { Status: GenerationStatus.Stopped } => "cancelled",
            { FinishReason: FinishReasons.Length or FinishReasons.ContentFilter } => "incomplete",
            _ => "completed",
        };
}
