using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Anthropic;
using Parley.Streaming.Providers.Demo;
using Parley.Streaming.Providers.Gemini;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Providers.OpenAIResponses;
using Parley.Streaming.Routing;

namespace Parley.Streaming;

/// <summary>Registers the providers and their families.</summary>
public static class ProviderServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="ModelRouter"/> with all families of providers. The sections <c>Providers</c> and <c>Models</c> configure it, and
    /// environment variables such as <c>OPENAI_API_KEY</c>. Invalid settings stop the host at start; the messages say what to type.
    /// </summary>
    public static IServiceCollection AddProviders(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddModelRouting(configuration);
        services.AddProviderFamily<OpenAIFamily>();
        services.AddProviderFamily<AnthropicFamily>();
        services.AddProviderFamily<GeminiFamily>();
        services.AddProviderFamily<OpenAIResponsesFamily>();
        services.AddProviderFamily<DemoFamily>();
        return services;
    }

    /// <summary>Adds a family of providers. The order of registration is the order in which a default model is looked for.</summary>
    public static IServiceCollection AddProviderFamily<TFamily>(this IServiceCollection services)
        where TFamily : class, IProviderFamily
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IProviderFamily, TFamily>());
        return services;
    }
}
