using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Parley.Streaming.Generations;
using Parley.Streaming.Generations.Bus;

namespace Parley.Streaming;

/// <summary>Registers the engine.</summary>
public static class StreamingServiceCollectionExtensions
{
    /// <summary>
    /// Adds the engine. The host registers an <see cref="IGenerationStore"/> and an <see cref="IRequestSource"/> beside it, and an
    /// <see cref="IGenerationBus"/> before it if there are other nodes.
    /// </summary>
    public static IServiceCollection AddStreaming(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IGenerationBus>(_ => new InProcessGenerationBus());
        services.AddOptions<GenerationOptions>().Bind(configuration.GetSection("Generations")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<LogWriter>();
        services.AddSingleton<GenerationRunner>();
        services.AddSingleton<GenerationReaper>();

        // Hosted services stop in reverse order: generations stop running first, then the lease is given back, then the writer commits what
        // is left.
        services.AddHostedService(provider => provider.GetRequiredService<LogWriter>());
        services.AddHostedService(provider => provider.GetRequiredService<GenerationReaper>());
        services.AddHostedService(provider => provider.GetRequiredService<GenerationRunner>());
        return services;
    }
}
