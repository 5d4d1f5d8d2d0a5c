namespace Parley.Bench;

/// <summary>
/// What each wire format costs: the same answers, of the built-in scripted model, read in each format in turn. No provider is in it, and no peer: the ratio is to the native format in the same run.
/// </summary>
internal sealed class FormatsRow() : Row("formats", "Wire formats: 250 streams × 50 tokens/s of the scripted model")
{
    private const int Streams = 250,
        Tokens = 200,
        Delay = 20,
        Rounds = 3,
        All = Streams * Tokens * Rounds;
    private const string Native = "native";

    /// <summary>The names of <c>?format=</c>; the native one first, since the others are compared with it.</summary>
    private static readonly string[] Formats = [Native, "token", "content", "text", "data", "v3", "ui", "chat", "responses"];

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("bytes", "bytes per token"),
            new("cpu", "CPU per token, µs"),
            new("ratio", "CPU ÷ native"),
            new("whole", "whole answers, %", MoreIsBetter: true),
        ];

    public override IReadOnlyList<Goal> Goals => [];

    public override async Task MeasureAsync(RowContext context)
    {
        if (context.Peers.FirstOrDefault(peer => peer.Name == Peer.Parley) is not { } parley)
        {
            return;
        }

        var native = 0.0;
        foreach (var format in Formats)
        {
            var peer = parley with
            {
                Name = format,
                ChatUrl = new Uri(parley.ChatUrl, $"?format={format}"),
                Body = _ => $$"""{"message":"{i} #script tokens={{Tokens}} delay={{Delay}}","model":"scripted"}""",
                FollowPath = null,
            };
            // What the answer says is not checked: each format wraps and cuts it differently. The tests do that.
            var result = await context.Loader.RunAsync(
                peer,
                "scripted",
                0,
                ("--streams", Streams),
                ("--rounds", Rounds),
                ("--ramp", 500),
                ("--timeout", 90)
            );
            var cpu = result.CpuSeconds * 1e6 / All;
            native = format == Native ? cpu : native;
            context.Add(this, format, "bytes", Math.Round(result.Bytes / (double)All, 1));
            context.Add(this, format, "cpu", Math.Round(cpu, 2));
            context.Add(this, format, "ratio", Math.Round(cpu / native, 2));
            context.AddHealth(this, peer, result);
        }
    }
}
