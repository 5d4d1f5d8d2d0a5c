using Parley.Server.Http.Streaming;
using Parley.Streaming.Generations;

namespace Parley.Server.Generations;

public static class GenerationServices
{
    public static IServiceCollection AddGenerations(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<StreamOptions>().Bind(configuration.GetSection("Streams")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<GenerationStarter>();
        services.AddSingleton<GenerationResponse>();
        services.AddSingleton<GenerationFollower>();
        services.AddSingleton<WholeAnswer>();
        services.AddSingleton<ResumeGeneration>();
        services.AddSingleton<PromptBuilder>();
        services.AddSingleton<IRequestSource, StoredRequestSource>();
        services.AddHostedService<EndedGenerations>();
        return services;
    }
}
