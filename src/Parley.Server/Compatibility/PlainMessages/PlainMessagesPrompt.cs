using Microsoft.Extensions.AI;
using Parley.Server.Data;
using Parley.Server.Generations;

namespace Parley.Server.Compatibility.PlainMessages;

/// <summary>Reads stored requests that are messages with role and content.</summary>
internal sealed class PlainMessagesPrompt : IPromptSource
{
    public string Kind => StoredRequest.Messages;

    public ValueTask<Prompt?> ReadAsync(StoredRequest request, Owner owner, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Prompt?>(
            new Prompt(
                [
                    .. request
                        .Body.GetProperty("messages")
                        .EnumerateArray()
                        .Select(message => new ChatMessage(
                            new ChatRole(message.GetProperty("role").GetString()!),
                            message.GetProperty("content").GetString()
                        )),
                ],
                ModelParameters.Of(request.Body)
            )
        );
}
