using System.Text.Json;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats.OpenAI;

/// <summary>The logs of the golden files of OpenAI's formats.</summary>
internal static class OpenAILogs
{
    public static GenerationInfo Info { get; } =
        new("c_1", "01890a5d-ac96-774b-bcce-b302099a8057", "m_1", "demo/parley", DateTimeOffset.FromUnixTimeSeconds(1_763_640_000));

    public static HashSet<string> Tools { get; } = ["get_weather"];

    public static JsonElement Request { get; } =
        JsonElement.Parse(
            """
            {
              "model": "parley", "input": "Weather?", "instructions": "Be \"brief\".\nGrüße", "stream": true, "temperature": 0.7, "max_output_tokens": 100, "metadata": {"a": "b"}, "reasoning": {"effort": "low"},
              "text": {"verbosity": "low"}, "tools": [{"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}, "strict": true}], "unknown": 1
            }
            """
        );

    public static LogSnapshot Plain { get; } =
        new LogBuilder().Part(PartKind.Text, "Hello, \"world\"!\nGrüße 😀 </b>\u2028").Completed(new GenerationUsage(12, 34)).Log;

    /// <summary>A call of a tool that the server runs, then a call of one that the client declared.</summary>
    public static LogSnapshot Tool { get; } =
        new LogBuilder()
            .Part(PartKind.Reasoning, "The user wants the weather.")
            .Part(PartKind.Text, "Let me look.")
            .Tool("call_0", "search", "{\"q\":\"Bern\"}")
            .Add(new ToolReturned("call_0", "[]", null))
            .Part(PartKind.Source, "{\"url\":\"https://example.com\"}")
            .Tool("call_1", "get_weather", "{\"city\":\"Bern\"}")
            .Tool("call_2", "get_weather", "")
            .Add(new GenerationEnded(GenerationStatus.Completed, "tool-calls", new GenerationUsage(100, 20, 50, 5)))
            .Log;

    public static LogSnapshot Failed { get; } =
        new LogBuilder()
            .Part(PartKind.Text, "Half of it")
            .Add(
                new GenerationEnded(
                    GenerationStatus.Failed,
                    "error",
                    null,
                    new GenerationError("provider_reset", "The connection to demo broke.", true)
                )
            )
            .Log;

    public static LogSnapshot Stopped { get; } =
        new LogBuilder()
            .Part(PartKind.Text, "Half an answer")
            .Add(new GenerationEnded(GenerationStatus.Stopped, "stopped", new GenerationUsage(1, 2), StoppedAt: 5))
            .Log;

    public static LogSnapshot Length { get; } =
        new LogBuilder()
            .Part(PartKind.Text, "Too long")
            .Add(new GenerationEnded(GenerationStatus.Completed, "length", new GenerationUsage(3, 4)))
            .Log;

    public static LogSnapshot Continued { get; } =
        new LogBuilder()
            .Open(PartKind.Text)
            .Text("It is ")
            .Close()
            .Add(new Seam(Seam.Adopted, "demo/parley"))
            .Open(PartKind.Text, continues: true)
            .Text("21°.")
            .Close()
            .Completed(new GenerationUsage(5, 6))
            .Log;

    public static IEnumerable<(string Title, LogSnapshot Log)> All { get; } =
    [
        ("plain", Plain),
        ("reasoning, tools, usage", Tool),
        ("failed", Failed),
        ("stopped", Stopped),
        ("cut at the length limit", Length),
        ("continued across a seam", Continued),
    ];
}
