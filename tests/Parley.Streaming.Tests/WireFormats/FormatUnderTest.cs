using System.Buffers;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>A format, and how its clients read it. A new format is one more line in <see cref="All"/>.</summary>
/// <param name="Name">Of its golden file, and on the page that documents it.</param>
/// <param name="Create">Makes one for a reader.</param>
/// <param name="Read">A client of the format: fails at what a real one fails at.</param>
/// <param name="FrameEnd">What every piece that is written ends with: no frame is ever cut.</param>
/// <param name="Shows">What its clients can show.</param>
/// <param name="End">How its clients see an end.</param>
/// <param name="HasCursor">Whether it can begin at any position.</param>
internal sealed record FormatUnderTest(
    string Name,
    Func<WireFormat> Create,
    Func<byte[], Meaning> Read,
    string FrameEnd,
    Shows Shows,
    Func<GenerationEnded, string?> End,
    bool HasCursor = false
)
{
    public static GenerationInfo Info { get; } = new("conv_1", "gen_1", "msg_1", "demo/parley", DateTimeOffset.UnixEpoch);

    public static IReadOnlyList<FormatUnderTest> All { get; } =
    [
        new(
            "native-events",
            () => new NativeEvents(Info),
            FormatReaders.NativeEvents,
            "\n\n",
            Shows.Reasoning | Shows.Tools,
            Reason,
            HasCursor: true
        ),
        new(
            "token-events",
            () => new TokenEvents(),
            FormatReaders.TokenEvents,
            "\n\n",
            Shows.Text,
            end => end.Error is null ? "done" : Reason(end),
            HasCursor: true
        ),
        new("content-events", () => new ContentEvents(), FormatReaders.ContentEvents, "\n\n", Shows.Text, Reason),
        new("raw-text", () => new RawText(), FormatReaders.RawText, "", Shows.Text, _ => null),
        new(
            "data-stream",
            () => new DataStream(Info),
            DataStreamReader.Read4,
            "\n",
            Shows.Reasoning | Shows.Tools | Shows.EndsCalls | Shows.Sources | Shows.Data,
            DataStreamReason
        ),
        new(
            "data-stream-3",
            () => new DataStream(Info, DataStreamVersion.AiSdk3),
            DataStreamReader.Read3,
            "\n",
            Shows.Tools | Shows.EndsCalls | Shows.Data,
            DataStreamReason
        ),
        new("ui-message-stream", () => new UiMessageStream(Info), UiMessageStreamReader.Read, "\n\n", Shows.All, Reason),
    ];

    public static TheoryData<string> Names => [.. All.Select(format => format.Name)];

    public static TheoryData<string> NamesWithCursor => [.. All.Where(format => format.HasCursor).Select(format => format.Name)];

    public static FormatUnderTest Of(string name) => All.Single(format => format.Name == name);

    /// <summary>The start, and then the log, cut there.</summary>
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

    /// <summary>The rest of the log, cut there, and what is held at the end of it.</summary>
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
        end.Error is null && end.FinishReason == "stopped" ? "other" : Reason(end);
}
