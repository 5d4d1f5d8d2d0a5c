using System.Globalization;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>Runs the load generator as a process of its own, so that nothing of this one disturbs it.</summary>
internal sealed class Loader(Action<string> tell, CancellationToken cancel)
{
    /// <summary>Lets collectors and late commits of the run before come to rest.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public async Task<LoadResult> RunAsync(Peer peer, string model, int expect, params (string Name, int Value)[] numbers)
    {
        await Task.Delay(Rest, cancel);
        List<string> arguments =
        [
            "load",
            "--url",
            peer.ChatUrl.ToString(),
            "--body",
            peer.Body(model),
            "--expect",
            Text(expect),
            "--pid",
            string.Join(',', peer.Pids.Select(Text)),
            "--side-pid",
            string.Join(',', peer.SidePids.Select(Text)),
            .. numbers.SelectMany(number => new[] { number.Name, Text(number.Value) }),
        ];
        if (peer.FollowPath is not null)
        {
            arguments.AddRange(["--follow-path", peer.FollowPath, "--id-header", peer.IdHeader]);
        }

        var (file, all) = Self.Command([.. arguments]);
        var (_, output, errors) = await ChildProcess.RunAsync(file, all, cancel, [("DOTNET_TieredPGO", "0")]);
        if (!output.StartsWith('{'))
        {
            throw new InvalidOperationException($"The load generator failed: {errors}{output}");
        }

        var result = JsonSerializer.Deserialize<LoadResult>(output, LoadCommand.Json)!;
        tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"  {peer.Name, -7} {result.Ok}/{result.Requests} whole, {result.TokensPerSecond:0} tokens/s, {result.CpuPerToken} µs a token (generator {result.OwnCpuPerToken}), first {result.FirstToken.P50} ms, late {result.Late.P50}/{result.Late.P99} ms{Faults(result)}"
            )
        );
        return result;
    }

    private static string Faults(LoadResult result) =>
        result.Faults.Count == 0 ? "" : ": " + string.Join(", ", result.Faults.Select(fault => $"{fault.Value} × {fault.Key}"));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
