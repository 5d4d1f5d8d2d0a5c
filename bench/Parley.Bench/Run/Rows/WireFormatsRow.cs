namespace Parley.Bench;

/// <summary>
/// The same responses of the built-in scripted model in each wire format in turn, without a provider: bytes and CPU per token. The ratio is
/// to the native format in the same run.
/// </summary>
internal sealed class WireFormatsRow(string name) : BenchmarkRow(name, "Wire formats: 250 streams × 50 tokens/s of the scripted model")
{
    private const int Streams = 250;
    private const int Tokens = 200;
    private const int Delay = 20;
    private const int Rounds = 3;
    private const int AllTokens = Streams * Tokens * Rounds;
    private const string Native = "native";

    /// <summary>The values of <c>?format=</c>; the native format first, since the others are compared with it.</summary>
    private static readonly string[] Formats = [Native, "token", "content", "text", "data", "v3", "ui", "chat", "responses"];

    public override IReadOnlyList<Metric> Metrics =>
        [new("bytes", "bytes per token"), new("cpu", "CPU per token, µs"), new("ratio", "CPU ÷ native"), RowContext.Complete];

    public override IReadOnlyList<Goal> Goals => [];

    public override async Task MeasureAsync(RowContext context)
    {
        foreach (var target in context.Targets.Where(target => target.IsParley))
        {
            await MeasureAsync(context, target);
        }
    }

    private async Task MeasureAsync(RowContext context, Target parley)
    {
        var native = 0.0;
        foreach (var format in Formats)
        {
            var target = parley with
            {
                Name = parley.Name == Target.ParleyPostgres ? format + ", PostgreSQL" : format,
                ChatUrl = new Uri(parley.ChatUrl, $"?format={format}"),
                Body = _ => $$"""{"message":"{i} #script tokens={{Tokens}} delay={{Delay}}","model":"scripted"}""",
                FollowPath = null,
            };

            // the content is not checked, since each format encodes it differently
            var result = await context.Generator.RunAsync(
                target,
                "scripted",
                expectedTokens: 0,
                ("--streams", Streams),
                ("--rounds", Rounds),
                ("--ramp", 500),
                ("--timeout", 90)
            );
            var cpu = result.ServerCpuSeconds * 1e6 / AllTokens;
            native = format == Native ? cpu : native;
            context.Add(this, target.Name, "bytes", Math.Round(result.Bytes / (double)AllTokens, 1));
            context.Add(this, target.Name, "cpu", Math.Round(cpu, 2));
            context.Add(this, target.Name, "ratio", Math.Round(cpu / native, 2));
            context.AddComplete(this, target.Name, result);
        }
    }
}
