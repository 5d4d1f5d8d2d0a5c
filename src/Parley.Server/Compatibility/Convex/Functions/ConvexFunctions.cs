using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Compatibility.Convex.Sync;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Functions;

/// <summary>The functions that Convex clients call. They are found by name, in any module; unknown arguments are ignored.</summary>
public sealed class ConvexFunctions(StreamChats chats, StreamBodies bodies, TimeProvider time)
{
    internal const string GetChat = "getChat",
        GetChatBody = "getChatBody",
        ListChats = "listChats";
    private const string CreateChat = "createChat",
        UpdateChatStatus = "updateChatStatus",
        DeleteChat = "deleteChat";

    /// <summary>The name of the function in a path such as <c>ai_chat:createChat</c>.</summary>
    internal static string NameOf(string path) => path[(path.LastIndexOf(':') + 1)..];

    /// <summary>The arguments of a function: one object, which clients wrap in an array. Null when invalid.</summary>
    internal static JsonElement? ArgumentsOf(JsonElement? args) =>
        args switch
        {
            null => JsonElement.Parse("{}"u8),
            { ValueKind: JsonValueKind.Object } one => one,
            { ValueKind: JsonValueKind.Array } all when all.GetArrayLength() == 1 && all[0].ValueKind == JsonValueKind.Object => all[0],
            _ => null,
        };

    internal async Task<FunctionResult> QueryAsync(CurrentUser? user, string path, JsonElement args, CancellationToken cancellationToken)
    {
        if (NameOf(path) != GetChatBody)
        {
            return await QueryRowsAsync(user, path, args, cancellationToken);
        }

        if (IsBad<StreamArguments>(args, out var problem, out var body))
        {
            return FunctionResult.Failed(problem);
        }

        return BodyOf(await bodies.ReadAsync(user, body.StreamId, cancellationToken));
    }

    /// <summary>Subscribes to a query.</summary>
    /// <param name="user">The caller.</param>
    /// <param name="path">The function.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="wake">Called, on any thread, when the result may have changed.</param>
    internal LiveQuery Watch(CurrentUser user, string path, JsonElement args, Action wake) =>
        NameOf(path) == GetChatBody && !IsBad<StreamArguments>(args, out _, out var stream)
            ? new BodyQuery(new ThrottledBody(bodies, user, stream.StreamId, wake, time))
            : new RowQuery(this, user, path, args, time);

    /// <summary>The queries whose results are rows.</summary>
    internal async ValueTask<FunctionResult> QueryRowsAsync(
        CurrentUser? user,
        string path,
        JsonElement args,
        CancellationToken cancellationToken
    )
    {
        switch (NameOf(path))
        {
            case GetChat:
                if (IsBad<ChatArguments>(args, out var problem, out var get))
                {
                    return FunctionResult.Failed(problem);
                }

                var chat = await chats.FindAsync(user, get.ChatId, cancellationToken);
                return FunctionResult.OfRows(chat, chat?.ExpiresAt);
            case ListChats:
                if (IsBad<ListArguments>(args, out problem, out var list))
                {
                    return FunctionResult.Failed(problem);
                }

                if (ClaimedUser.Check(user, list.UserId) is { } notYours)
                {
                    return FunctionResult.Failed(notYours);
                }

                if (list.Limit is { } limit && (limit is < 1 or > ListStreamChats.MaxLimit || limit != Math.Floor(limit)))
                {
                    return FunctionResult.Failed(
                        Problems.Invalid(
                            "limit",
                            ErrorCodes.OutOfRange,
                            $"limit must be a whole number from 1 to {ListStreamChats.MaxLimit}."
                        )
                    );
                }

                var rows = await chats.ListAsync(user, (int)(list.Limit ?? ListStreamChats.DefaultLimit), cancellationToken);
                return FunctionResult.OfRows(rows, rows.Min(row => row.ExpiresAt));
            case GetChatBody:
                // Reached only with invalid arguments.
                IsBad<StreamArguments>(args, out problem, out _);
                return FunctionResult.Failed(problem);
            case var name:
                return FunctionResult.Failed(
                    name is CreateChat or UpdateChatStatus or DeleteChat ? WrongKind(name, "mutation", "query") : Unknown("query", path)
                );
        }
    }

    /// <param name="user">The caller.</param>
    /// <param name="path">The function.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="request">The client's name for this request, which it repeats when it resends the request after a reconnect.</param>
    internal async Task<FunctionResult> MutateAsync(
        CurrentUser user,
        string path,
        JsonElement args,
        string? request,
        CancellationToken cancellationToken
    )
    {
        switch (NameOf(path))
        {
            case CreateChat:
                if (IsBad<CreateArguments>(args, out var problem, out var create))
                {
                    return FunctionResult.Failed(problem);
                }

                var chat = new NewChat(
                    create.Prompt,
                    string.IsNullOrWhiteSpace(create.Title) ? null : create.Title,
                    create.UserId,
                    create.Model
                );
                if (chats.Check(user, chat, out var route) is { } refused)
                {
                    return FunctionResult.Failed(refused);
                }

                var (stream, conflict) = await chats.CreateAsync(user, chat, route, request);
                return stream is null ? FunctionResult.Failed(conflict!) : FunctionResult.Of(CreateStreamChat.Created.Of(stream));
            case UpdateChatStatus:
                if (IsBad<StatusArguments>(args, out problem, out var update))
                {
                    return FunctionResult.Failed(problem);
                }

                var (row, illegal) = await chats.SetStatusAsync(user, update.ChatId, update.Status, cancellationToken);
                return row is null ? FunctionResult.Failed(illegal!) : FunctionResult.Null;
            case DeleteChat:
                // A client resends the request after a reconnect: to delete a missing chat succeeds.
                if (IsBad<ChatArguments>(args, out problem, out var delete))
                {
                    return FunctionResult.Failed(problem);
                }

                await chats.DeleteAsync(user, delete.ChatId, cancellationToken);
                return FunctionResult.Null;
            case var name:
                return FunctionResult.Failed(
                    name is GetChat or GetChatBody or ListChats ? WrongKind(name, "query", "mutation") : Unknown("mutation", path)
                );
        }
    }

    /// <summary>The response to every action.</summary>
    internal static Problem NoActions { get; } =
        Problems.Of(
            StatusCodes.Status404NotFound,
            ErrorCodes.NoSuchFunction,
            $"There are no actions. Available are the queries {GetChat}, {GetChatBody} and {ListChats}, and the mutations {CreateChat}, {UpdateChatStatus} and {DeleteChat}."
        );

    internal static FunctionResult BodyOf(StreamBody? body) =>
        body is { } known ? new FunctionResult(known.ToJson()) : FunctionResult.Failed(Problems.NotFound("stream"));

    /// <summary>Reads and validates arguments. True when they are invalid.</summary>
    internal static bool IsBad<T>(JsonElement args, out Problem problem, out T value)
        where T : class, IArguments
    {
        var read = StrictJson.Bind<T>(args);
        value = read.Value!;
        problem = (Problem)read.Refusal!;
        if (problem is not null)
        {
            return true;
        }

        if (value.Missing is { } missing)
        {
            problem = Problems.Invalid(missing, ErrorCodes.Required, $"{missing} is required.");
        }
        else if (value.Texts.Any(static text => text?.Contains('\0', StringComparison.Ordinal) is true))
        {
            problem = Problems.Invalid("args", ErrorCodes.InvalidText, "Text must not contain U+0000.");
        }

        return problem is not null;
    }

    private static Problem WrongKind(string name, string kind, string requested) =>
        Problems.Of(StatusCodes.Status404NotFound, ErrorCodes.NoSuchFunction, $"{name} is a {kind}, not a {requested}.");

    private static Problem Unknown(string kind, string path) =>
        Problems.Of(
            StatusCodes.Status404NotFound,
            ErrorCodes.NoSuchFunction,
            $"There is no {kind} {Shown(path)}. Available in any module are {(kind == "query" ? $"{GetChat}, {GetChatBody} and {ListChats}" : $"{CreateChat}, {UpdateChatStatus} and {DeleteChat}")}."
        );

    private static string Shown(string path) => path.Length > 64 ? path[..64] + "…" : path;

    /// <summary>Arguments of a function.</summary>
    internal interface IArguments
    {
        /// <summary>The required argument that is missing, or null.</summary>
        string? Missing => null;

        /// <summary>The texts that will be stored.</summary>
        IReadOnlyList<string?> Texts => [];
    }

    internal sealed record CreateArguments(
        [property: JsonPropertyName("user_id")] string? UserId,
        string? Prompt,
        string? Title,
        string? Model
    ) : IArguments
    {
        IReadOnlyList<string?> IArguments.Texts => [Prompt, Title];
    }

    internal sealed record ListArguments([property: JsonPropertyName("user_id")] string? UserId, double? Limit) : IArguments;

    internal sealed record StatusArguments(string? ChatId, string? Status) : IArguments
    {
        string? IArguments.Missing =>
            ChatId is null ? "chatId"
            : Status is null ? "status"
            : null;
    }

    internal sealed record ChatArguments(string? ChatId) : IArguments
    {
        string? IArguments.Missing => ChatId is null ? "chatId" : null;
    }

    internal sealed record StreamArguments(string? StreamId) : IArguments
    {
        string? IArguments.Missing => StreamId is null ? "streamId" : null;
    }
}
