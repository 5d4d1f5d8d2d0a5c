using System.Security.Cryptography;
using System.Text;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Compatibility.Convex;

/// <summary>Chats of one question and one answer. The answer is a stream, whose generation a client starts.</summary>
public sealed class StreamChats(
    ChatStore store,
    ChatQueries queries,
    GenerationRunner runner,
    ModelRouter router,
    ChangeFeed feed,
    TimeProvider time
)
{
    /// <summary>How long the generation of a stream can be started.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(20);

    /// <summary>The maximum number of prompt characters in one list: a list of very long prompts has fewer rows.</summary>
    private const int MaxCharacters = 4 * 1024 * 1024;

    /// <summary>Validates a new chat. Null when it is valid.</summary>
    internal Problem? Check(CurrentUser? user, NewChat chat, out ModelRoute route)
    {
        route = null!;
        if (ClaimedUser.Check(user, chat.UserId) is { } notYours)
        {
            return notYours;
        }

        if (TextValidation.CheckMessage("prompt", chat.Prompt) is { } badText)
        {
            return badText;
        }

        if (chat.Title is not null && TextValidation.CheckTitle(chat.Title) is { } badTitle)
        {
            return badTitle;
        }

        if (router.Resolve(chat.Model) is not { } found)
        {
            return ModelProblems.NotFound(router, chat.Model);
        }

        route = found;
        return null;
    }

    /// <summary>Stores a chat and its stream, once for each <paramref name="request"/>.</summary>
    /// <param name="user">The owner of the chat.</param>
    /// <param name="chat">A chat that <see cref="Check"/> has accepted.</param>
    /// <param name="route">The model.</param>
    /// <param name="request">The client's name for this request, which it repeats when it resends the request after a reconnect.</param>
    internal async Task<(ChatSession? Stream, Problem? Problem)> CreateAsync(
        CurrentUser user,
        NewChat chat,
        ModelRoute route,
        string? request = null
    )
    {
        var turn = new DeferredTurn(ChatSessionKind.Stream, chat.Prompt!, route.Id, Lifetime)
        {
            Title = chat.Title,
            Id = request is null ? null : IdOf(user, request),
        };
        var (stream, refusal) = await store.StoreTurnAsync(user.Owner, turn, time.GetUtcNow());
        if (stream is null)
        {
            return (null, refusal!.ToProblem());
        }

        feed.Changed(user.Owner, stream.ConversationId);
        return (stream, null);
    }

    /// <summary>The chat, or null when it does not exist for this user.</summary>
    public async ValueTask<StreamChatRow?> FindAsync(CurrentUser? user, string? id, CancellationToken cancellationToken)
    {
        if (user is null || !Guid.TryParseExact(id, "D", out _))
        {
            return null;
        }

        await using var reads = await queries.OpenAsync(user.Owner, cancellationToken);
        return await reads.StreamedChatsAsync(id, 1, MaxCharacters) is [var chat] ? RowOf(chat, user) : null;
    }

    /// <summary>The user's chats, newest first, without archived ones.</summary>
    public async ValueTask<IReadOnlyList<StreamChatRow>> ListAsync(CurrentUser? user, int limit, CancellationToken cancellationToken)
    {
        if (user is null)
        {
            return [];
        }

        await using var reads = await queries.OpenAsync(user.Owner, cancellationToken);
        return [.. (await reads.StreamedChatsAsync(null, limit, MaxCharacters)).Select(chat => RowOf(chat, user))];
    }

    /// <summary>
    /// Sets a status. It is derived from the generation, so the only change is to expire a stream whose generation has not started.
    /// </summary>
    internal async Task<(StreamChatRow? Chat, Problem? Problem)> SetStatusAsync(
        CurrentUser? user,
        string? id,
        string? status,
        CancellationToken cancellationToken
    )
    {
        if (status is not (ChatStatus.Pending or ChatStatus.Completed or ChatStatus.Error))
        {
            return (null, Problems.Invalid("status", ErrorCodes.InvalidStatus, "status must be pending, completed or error."));
        }

        if (await FindAsync(user, id, cancellationToken) is not { } chat)
        {
            return (null, Problems.NotFound("chat"));
        }

        if (chat.Status == status)
        {
            return (chat, null);
        }

        if (status == ChatStatus.Error && await store.ExpireSessionAsync(user!.Owner, chat.StreamId, time.GetUtcNow()))
        {
            feed.Changed(user!.Owner, chat.Id);
            return (await FindAsync(user, id, cancellationToken), null);
        }

        return (
            null,
            Problems.Of(
                StatusCodes.Status409Conflict,
                ErrorCodes.StatusFollowsAnswer,
                $"This chat is {chat.Status} and cannot be set to {status}. Only a chat whose generation has not started can be set to error.",
                "status"
            )
        );
    }

    /// <summary>Deletes a chat with its messages, and ends its generation. False when it does not exist for this user.</summary>
    public async Task<bool> DeleteAsync(CurrentUser? user, string? id, CancellationToken cancellationToken)
    {
        if (await FindAsync(user, id, cancellationToken) is not { } chat || await store.DeleteAsync(user!.Owner, chat.Id) is not { } fenced)
        {
            return false;
        }

        foreach (var generation in fenced)
        {
            runner.Discard(generation);
        }

        feed.Changed(user.Owner, chat.Id);
        return true;
    }

    private StreamChatRow RowOf(StreamedChat chat, CurrentUser user)
    {
        var isStarted = chat.Status is not null;
        var isExpired = !isStarted && chat.ExpiresAt <= time.GetUtcNow().ToUnixTimeMilliseconds();
        var status = chat.Status switch
        {
            null => isExpired ? ChatStatus.Error : ChatStatus.Pending,
            GenerationStatusNames.Running => ChatStatus.Pending,
            GenerationStatusNames.Completed or GenerationStatusNames.Stopped => ChatStatus.Completed,
            _ => ChatStatus.Error,
        };
        return new StreamChatRow(
            chat.Id,
            chat.CreatedAt,
            user.Id,
            chat.Title,
            chat.Prompt,
            chat.StreamId,
            status,
            chat.CreatedAt,
            isExpired ? Math.Max(chat.UpdatedAt, chat.ExpiresAt) : chat.UpdatedAt
        )
        {
            ExpiresAt = isStarted || isExpired ? null : DateTimeOffset.FromUnixTimeMilliseconds(chat.ExpiresAt),
        };
    }

    /// <summary>
    /// Derives the id from the request, so that a resent request has the same id, also on another node and after a restart.
    /// </summary>
    private static string IdOf(CurrentUser user, string request)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"parley stream\n{user.TenantId}\n{user.Id}\n{request}"), hash);
        return new Guid(hash[..16], bigEndian: true).ToString();
    }
}

/// <summary>A chat to create.</summary>
/// <param name="Prompt">What the person wrote.</param>
/// <param name="Title">The title; null to use the start of the prompt.</param>
/// <param name="UserId">The caller's own id, or null.</param>
/// <param name="Model">The model; null for the default.</param>
internal sealed record NewChat(string? Prompt, string? Title, string? UserId, string? Model);
