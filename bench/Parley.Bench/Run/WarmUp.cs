namespace Parley.Bench;

/// <summary>Requests before the measurements, until a target runs optimized code.</summary>
internal static class WarmUp
{
    private const string StreamModel = "mock-n50-d10";
    private const int StreamTokens = 50;
    private const int StreamRounds = 6;

    // many short responses: the code that starts a response is optimized only after some thousands of starts
    private const string StartModel = "mock-n4-d5";
    private const int StartTokens = 4;
    private const int StartRounds = 40;

    public static IReadOnlyList<string> Models => [StreamModel, StartModel];

    public static async Task RunAsync(Target target, LoadGenerator generator)
    {
        var isSlow = target.Name == Target.AiSdk;
        var streams = ("--streams", isSlow ? 50 : 200);
        if (!isSlow)
        {
            await generator.RunAsync(target, StartModel, StartTokens, streams, ("--rounds", StartRounds));
        }

        await generator.RunAsync(target, StreamModel, StreamTokens, streams, ("--rounds", isSlow ? 2 : StreamRounds));
        if (target.FollowPath is not null)
        {
            await FollowAsync(target, generator);
        }
    }

    /// <summary>Only readers that follow one response.</summary>
    public static Task FollowAsync(Target target, LoadGenerator generator) =>
        generator.RunAsync(target, StreamModel, StreamTokens, ("--follow", target.Name == Target.AiSdk ? 50 : 200), ("--ramp", 300));
}
