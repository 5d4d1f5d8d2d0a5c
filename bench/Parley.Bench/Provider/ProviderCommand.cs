using System.Globalization;

namespace Parley.Bench;

/// <summary>A mock model provider with the OpenAI chat completions API. See <see cref="ResponseScript"/> for the model names.</summary>
internal static class ProviderCommand
{
    public static async Task<int> RunAsync(CommandLine line)
    {
        var port = int.Parse(line.Required("--port"), CultureInfo.InvariantCulture);
        var models = line.List("--models");
        var tick = line.Number("--tick-us", 1000) * Clock.Microsecond;
        line.RejectUnknown();
        Clock.RequireLinux();

        using var stop = new StopSignal();
        using var provider = new MockProvider(port, models.Length > 0 ? models : ["mock"], tick);
        await Task.Factory.StartNew(() => provider.Run(stop.Token), TaskCreationOptions.LongRunning);
        return 0;
    }
}
