using Parley.Server.Http.Errors;

namespace Parley.Server.Identity;

/// <summary>The <c>user_id</c> that some clients send along. It says nothing about who asks; it may only repeat it.</summary>
public static class ClaimedUser
{
    /// <summary>Refuses a <c>user_id</c> of another user; the caller's own id, and none, are accepted.</summary>
    public static Problem? Check(CurrentUser? user, string? userId) =>
        userId is null or "" or "null" || userId == user?.Id
            ? null
            : Problems.Of(
                StatusCodes.Status403Forbidden,
                ErrorCodes.NotYours,
                "user_id is not yours. Who you are comes from your credentials; leave it out.",
                "user_id"
            );
}
