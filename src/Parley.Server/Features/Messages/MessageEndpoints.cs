using Parley.Server.Http;
using Parley.Server.RateLimiting;
namespace Parley.Server.Features.Messages;

public static class MessageEndpoints
{
    public static void MapMessages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/conversations/{id}/messages", ListMessages.Handle).WithTags("Messages").CountedAs(RateBucket.Read);
        routes.MapPost("/api/v1/conversations/{id}/messages", CreateMessage.Handle).WithTags("Messages").CountedAs(RateBucket.Write).Takes<CreateMessage.Request>();
        routes.MapGet("/api/v1/messages/{id}", GetMessage.Handle).WithTags("Messages").CountedAs(RateBucket.Read);
    }
}
