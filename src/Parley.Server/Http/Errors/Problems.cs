namespace Parley.Server.Http.Errors;

/// <summary>Creates common problems.</summary>
public static class Problems
{
    public static Problem Of(int status, string code, string detail, string? field = null) => new(status, code, detail, field);

    /// <summary>For what is missing and for what belongs to another owner, without distinction.</summary>
    public static Problem NotFound(string what) => Of(StatusCodes.Status404NotFound, ErrorCodes.NotFound, $"There is no such {what}.");

    public static Problem Invalid(string field, string code, string detail) => Of(StatusCodes.Status400BadRequest, code, detail, field);

    /// <summary>Writes a problem from middleware.</summary>
    public static Task WriteAsync(HttpContext http, int status, string code, string detail) => Of(status, code, detail).ExecuteAsync(http);
}
