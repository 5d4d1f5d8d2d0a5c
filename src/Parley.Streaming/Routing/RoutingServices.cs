using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Routing;

/// <summary>Registers <see cref="ModelRouter"/>.</summary>
internal static class RoutingServices
{
    public static void AddModelRouting(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RoutingOptions>, RoutingOptionsValidation>());
        services
            .AddOptions<RoutingOptions>()
            .Configure<IEnumerable<IProviderFamily>>((options, families) => RoutingConfiguration.Load(configuration, families, options))
            .ValidateOnStart();
        services.TryAddSingleton<ModelRouter>();
        services.AddHostedService<ModelListWarmup>();
    }

    /// <summary>Asks the providers for their models at start, so that <c>auto</c> and the first list know them.</summary>
    private sealed class ModelListWarmup(ModelRouter router) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => router.ListAsync(stoppingToken);
    }
}
