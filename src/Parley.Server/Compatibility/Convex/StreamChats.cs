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

/// <summary>Chats of one question and one answer. The answer is a stream, which begins when somebody drives it.</summary>
public sealed class StreamChats(
    ChatStore store,
    ChatQueries queries,
    GenerationRunner runner,
    ModelRouter router,
    ChangeFeed feed,
    TimeProvider time
)
{
    /// <summary>How long a stream can wait to be driven.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(20);

    /// <summary>Characters of prompts that one list holds: a list of very long ones has fewer rows.</summary>
    private const int MaxCharacters = 4 * 1024 * 1024;

    /// <summary>Why a chat cannot be created, or null and the model that it asks.</summary>
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
            return ModelProblems.NotFound(chat.Model);
        }

        route = found;
        return null;
    }

    /// <summary>Stores a chat and its stream, once for each <paramref name="request"/>.</summary>
    /// <param name="user">Whose chat.</param>
    /// <param name="chat">What <see cref="Check"/> found good.</param>
    /// <param name="route">The model to ask.</param>
    /// <param name="request">What the client calls this request, where it sends it again after it has lost its connection.</param>
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

    /// <summary>A person's chats, newest first, without archived ones.</summary>
    public async ValueTask<IReadOnlyList<StreamChatRow>> ListAsync(CurrentUser? user, int limit, CancellationToken cancellationToken)
    {
        if (user is null)
        {
            return [];
        }

        await using var reads = await queries.OpenAsync(user.Owner, cancellationToken);
        return [.. (await reads.StreamedChatsAsync(null, limit, MaxCharacters)).Select(chat => RowOf(chat, user))];
    }

    /// <summary>Takes over a status that a client sets. It follows the answer, so all that there is to set is that a stream which nobody has driven must not be driven any more.</summary>
    internal async Task<(StreamChatRow? Chat, Problem? Problem)> SetStatusAsync(
        CurrentUser? user,
        string? id,
        string? status,
        CancellationToken cancellationToken
    )
    {
        if (status is not (ChatStatus.Pending or ChatStatus.Completed or ChatStatus.Error))
        {
            return (null, Problems.Invalid("status", ErrorCodes.InvalidStatus, "status is pending, completed or error."));
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
                $"This chat is {chat.Status}, and cannot be made {status}: the status follows the answer. Only a chat whose answer has not begun can be made error.",
                "status"
            )
        );
    }

    /// <summary>Deletes a chat with all that belongs to it, and ends its answer. False when it is missing or somebody else's.</summary>
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

    /// <summary>The same request of the same person has the same id, also on another node and after a restart.</summary>
    private static string IdOf(CurrentUser user, string request)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"parley stream\n{user.TenantId}\n{user.Id}\n{request}"), hash);
        return new Guid(hash[..16], bigEndian: true).ToString();
    }
}

/// <summary>A chat to be created.</summary>
/// <param name="Prompt">What the person wrote.</param>
/// <param name="Title">Its title; the beginning of the prompt where it is null.</param>
/// <param name="UserId">Whose it is, where the client says so: the person's own id.</param>
/// <param name="Model">The model to ask; null for the usual one.</param>
internal sealed record NewChat(string? Prompt, string? Title, string? UserId, string? Model);
