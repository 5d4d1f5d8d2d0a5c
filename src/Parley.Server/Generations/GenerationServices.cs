using Parley.Server.Features.Generations;
using Parley.Server.Http.Streaming;

namespace Parley.Server.Generations;

public static class GenerationServices
{
    public static IServiceCollection AddGenerations(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<StreamOptions>().Bind(configuration.GetSection("Streams")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<GenerationFollower>();
        services.AddSingleton<WholeAnswer>();
        services.AddSingleton<ResumeGeneration>();
        services.AddSingleton<DeferredTurns>();
        services.AddSingleton<OwnedGenerations>();
        services.AddSingleton<ReplyTargets>();
        services.AddSingleton<StoredMessages>();
        services.AddSingleton<PromptBuilder>();
        services.AddSingleton<GenerationStarter>();
        services.AddSingleton<RegenerateAnswer>();
        services.AddSingleton<FinishedLogs>();
        services.AddSingleton<GenerationViews>();
        services.AddHostedService<EndedGenerations>();
        return services;
    }
}
