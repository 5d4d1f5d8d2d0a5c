namespace Parley.Server.Http.Errors;

/// <summary>Makes the problems that many operations answer.</summary>
public static class Problems
{
    public static Problem Of(int status, string code, string detail, string? field = null) => new(status, code, detail, field);

    /// <summary>Missing, or somebody else's: the same answer for both.</summary>
    public static Problem NotFound(string what) => Of(StatusCodes.Status404NotFound, "not_found", $"There is no such {what}.");

    public static Problem Invalid(string field, string code, string detail) => Of(StatusCodes.Status400BadRequest, code, detail, field);

    /// <summary>Writes a problem without a result object, from middleware.</summary>
    public static Task WriteAsync(HttpContext http, int status, string code, string detail) => Of(status, code, detail).ExecuteAsync(http);
}
