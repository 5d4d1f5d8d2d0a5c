using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Parley.Streaming.Routing;

/// <summary>Registers the providers.</summary>
public static class ProviderServices
{
    /// <summary>
    /// Adds <see cref="ModelRouter"/>, configured by the sections <c>Providers</c> and <c>Models</c> and by environment
    /// variables such as <c>OPENAI_API_KEY</c>. Wrong settings stop the host at start with a message that says what to type.
    /// </summary>
    public static IServiceCollection AddProviders(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RoutingOptions>, RoutingOptionsValidation>());
        services.AddOptions<RoutingOptions>()
            .Configure(options => RoutingConfiguration.Load(configuration, options))
            .ValidateOnStart();
        services.TryAddSingleton<ModelRouter>();
        services.AddHostedService<ModelListWarmup>();
        return services;
    }

    /// <summary>Asks the providers for their models at start, so that <c>auto</c> and the first list know them.</summary>
    private sealed class ModelListWarmup(ModelRouter router) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => router.ListAsync(stoppingToken);
    }
}
