using Parley.Server.Http.Errors;

namespace Parley.Server.Identity;

/// <summary>The <c>user_id</c> that some clients send. It does not identify the caller; it can only repeat the caller's own id.</summary>
public static class ClaimedUser
{
    /// <summary>Refuses a <c>user_id</c> of another user; accepts the caller's own id, and none.</summary>
    public static Problem? Check(CurrentUser? user, string? userId) =>
        userId is null or "" or "null" || userId == user?.Id
            ? null
            : Problems.Of(
                StatusCodes.Status403Forbidden,
                ErrorCodes.NotYours,
                "user_id is not your id. Your credentials identify you; omit user_id.",
                "user_id"
            );
}
