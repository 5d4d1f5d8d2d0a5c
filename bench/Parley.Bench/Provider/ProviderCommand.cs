using System.Globalization;

namespace Parley.Bench;

/// <summary>A mock LLM provider that speaks OpenAI chat completions. See <see cref="Script"/> for what a model's name can ask of it.</summary>
internal static class ProviderCommand
{
    public static async Task<int> RunAsync(CommandLine line)
    {
        var port = int.Parse(line.Required("--port"), CultureInfo.InvariantCulture);
        var models = line.List("--models");
        var tick = line.Number("--tick-us", 1000) * Clock.Microsecond;
        line.RefuseTheRest();
        Clock.Require();

        using var stop = new StopSignal();
        using var provider = new MockProvider(port, models.Length > 0 ? models : ["mock"], tick);
        await Task.Factory.StartNew(() => provider.Run(stop.Token), TaskCreationOptions.LongRunning);
        return 0;
    }
}
