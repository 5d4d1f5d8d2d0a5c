using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.OpenApi;

namespace Parley.Server.Contracts;

/// <summary>Describes the routes that take chat bodies, for the API document.</summary>
public static class ChatDescriptions
{
    public const string Tag =
        "Sends a message to a model. One route for Parley's own clients, the AI SDK and others: the body shows which kind of client sent it.";

    public static RouteHandlerBuilder ProducesChatErrors(this RouteHandlerBuilder route) =>
        route
            .WithParameters(GenerationDescriptions.Format)
            .ProducesError(
                400,
                ErrorCodes.TextRequired,
                ErrorCodes.Required,
                ErrorCodes.MessageOrMessages,
                ErrorCodes.InvalidMessage,
                ErrorCodes.TooManyMessages,
                ErrorCodes.UserMessageRequired,
                ErrorCodes.MessageNotFound,
                ErrorCodes.ToolResultRequired,
                ErrorCodes.FilesNotSupported,
                ErrorCodes.ConversationRequired,
                ErrorCodes.InvalidId,
                ErrorCodes.OutOfRange,
                ErrorCodes.ModelNotFound,
                ErrorCodes.UnknownFormat,
                ErrorCodes.DuplicateParameter
            )
            .ProducesError(404, ErrorCodes.NotFound)
            .ProducesError(409, ErrorCodes.AnswerRunning, ErrorCodes.AnswerComplete)
            .ProducesError(413, ErrorCodes.MessageTooLong, ErrorCodes.ToolResultTooLong)
            .ProducesError(502, ErrorCodes.ProviderUnavailable, ErrorCodes.ProviderReportedError);
}
