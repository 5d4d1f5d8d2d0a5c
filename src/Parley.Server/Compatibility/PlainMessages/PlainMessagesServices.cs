using Parley.Server.Contracts;
using Parley.Server.Generations;

namespace Parley.Server.Compatibility.PlainMessages;

public static class PlainMessagesServices
{
    /// <summary>Lets <c>POST /api/chat</c> accept messages with only role and content.</summary>
    public static IServiceCollection AddPlainMessages(this IServiceCollection services, IConfiguration configuration) =>
        services
            .Configure<ChatBodyOptions>(configuration.GetSection("Chat"))
            .AddSingleton<IChatDialect, PlainMessagesChat>()
            .AddSingleton<IPromptSource, PlainMessagesPrompt>();
}
