using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>A log whose bytes in each format are in a golden file, and shown on the page about wire formats.</summary>
/// <param name="Title">Its title on that page.</param>
/// <param name="Log">The log.</param>
/// <param name="Cuts">Where the slices of its reader end.</param>
internal sealed record GoldenLog(string Title, LogSnapshot Log, IReadOnlyList<long> Cuts)
{
    public static IReadOnlyList<GoldenLog> All { get; } =
    [
        Of(
            "A plain answer",
            log => log.Open(PartKind.Text).Text("Hello, \"world\"!\n"),
            log => log.Text("Grüße aus 東京 😀").Close().Completed(new GenerationUsage(12, 9))
        ),
        Of(
            "Reasoning, a tool and its result",
            log => log.Part(PartKind.Reasoning, "I need the weather."),
            log => log.Open(PartKind.Tool, "call_1", "get_weather").Text("{\"city\":"),
            log => log.Text("\"Bern\"}").Close(),
            log => log.Add(new ToolReturned("call_1", "{\n  \"temperature\": 21\n}", null)),
            log => log.Part(PartKind.Text, "It is 21 °C.").Completed(new GenerationUsage(120, 34, 64, 8))
        ),
        Of(
            "An answer that fails",
            log => log.Open(PartKind.Text).Text("There are three reasons. The"),
            log =>
                log.Close()
                    .Add(
                        new GenerationEnded(
                            GenerationStatus.Failed,
                            "error",
                            null,
                            new GenerationError(
                                "provider_reset",
                                "The connection to the model broke. What came is kept; you can continue it.",
                                true
                            )
                        )
                    )
        ),
        Of(
            "An answer that was stopped",
            log => log.Open(PartKind.Text).Text("Once upon a time"),
            log => log.Text(", in a land").Close().Add(new GenerationEnded(GenerationStatus.Stopped, "stopped", StoppedAt: 17))
        ),
        Of(
            "An answer that goes on across a seam",
            log => log.Open(PartKind.Text).Text("The capital of France "),
            log => log.Close().Add(new Seam(Seam.Adopted, "demo/other")),
            log => log.Open(PartKind.Text, continues: true).Text("is Paris.").Close().Completed()
        ),
    ];

    private static GoldenLog Of(string title, params ReadOnlySpan<Func<LogBuilder, LogBuilder>> slices)
    {
        var log = new LogBuilder();
        List<long> cuts = [];
        foreach (var slice in slices)
        {
            cuts.Add(slice(log).End);
        }

        return new GoldenLog(title, log.Log, cuts);
    }
}
