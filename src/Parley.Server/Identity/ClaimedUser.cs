using Parley.Server.Http.Errors;

namespace Parley.Server.Identity;

/// <summary>The <c>user_id</c> that some clients send along. It says nothing about who asks; it may only repeat it.</summary>
public static class ClaimedUser
{
    /// <summary>Refuses a <c>user_id</c> that is somebody else's; none and one's own are fine.</summary>
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
