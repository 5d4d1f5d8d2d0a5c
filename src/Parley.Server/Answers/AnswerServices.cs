using Parley.Server.Data;
using Parley.Server.Features.Generations;
using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Answers;

public static class AnswerServices
{
    public static IServiceCollection AddAnswers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<StreamOptions>().Bind(configuration.GetSection("Streams")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<AnswerFollower>();
        services.AddSingleton<AnswerJson>();
        services.AddSingleton<AnswerReading>();
        services.AddSingleton<SessionAnswers>();
        services.AddSingleton<AnswerLookup>();
        services.AddSingleton<ConversationPlace>();
        services.AddSingleton<StoredPath>();
        services.AddSingleton<AskedMessages>();
        services.AddSingleton<AnswerStarter>();
        services.AddSingleton<AnswerAgain>();
        services.AddSingleton<FinishedLogs>();
        services.AddSingleton<GenerationViews>();
        services.AddHostedService<EndedAnswers>();
        return services;
    }
}
