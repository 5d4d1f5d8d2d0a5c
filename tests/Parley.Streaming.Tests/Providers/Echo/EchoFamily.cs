using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Tests.Providers.Echo;

/// <summary>
/// A family that only the tests have, with a protocol of its own: its key in <c>x-api-key</c>, its list of models as lines, its frames
/// as words. It shows what a family consists of.
/// </summary>
public sealed class EchoFamily(TimeProvider time, ILoggerFactory loggers) : IProviderFamily
{
    public string Type => "echo";

    public IReadOnlyList<KnownProvider> KnownProviders { get; } = [new("echo", "Set ECHO_API_KEY.")];

    public IProviderSetup? Configure(ProviderSource source)
    {
        var key = source.Variable("ECHO_API_KEY");
        if (key is null && !source.Section.Exists())
        {
            return null;
        }

        var options = new EchoOptions { BaseUrl = "http://127.0.0.1:9/v1", ApiKey = key };
        source.Section.Bind(options);
        return new EchoSetup(source, options, time, loggers);
    }
}

/// <summary>The settings of an echo provider.</summary>
public sealed class EchoOptions : HttpProviderOptions
{
    /// <summary>How often the question is repeated, 1 to 3. Default 1.</summary>
    public int Repeat { get; set; } = 1;
}

internal sealed class EchoSetup(ProviderSource source, EchoOptions options, TimeProvider time, ILoggerFactory loggers) : IProviderSetup
{
    public IReadOnlyList<string> Models => [.. options.Models];

    public IEnumerable<string> Validate()
    {
        foreach (var error in options.Validate(source))
        {
            yield return error;
        }

        if (options.Repeat is < 1 or > 3)
        {
            yield return $"{source.Setting("Repeat")} is {options.Repeat}. Type a number from 1 to 3.";
        }
    }

    public IModelProvider Create() => new EchoProvider(source.Name, options, time, loggers.CreateLogger<EchoProvider>());
}

/// <summary>The wording of the family.</summary>
internal sealed class EchoErrorMessages() : ProviderErrorMessages("The echo")
{
    public override string Describe(ProviderFailure failure, TimeSpan? retryAfter) =>
        failure == ProviderFailure.Unauthorized ? "The echo does not know you. Set ECHO_API_KEY." : base.Describe(failure, retryAfter);
}
