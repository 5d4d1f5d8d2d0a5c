using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Server.Http.Json;

/// <summary>How responses are written: in camelCase, without members that are null unless a member declares otherwise.</summary>
public static class ApiJson
{
    public static JsonSerializerOptions Options { get; } =
        new(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };

    public static IResult Ok<T>(T value) => Results.Json(value, Options);

    public static IResult Created<T>(string location, T value, HttpContext http)
    {
        http.Response.Headers.Location = location;
        return Results.Json(value, Options, statusCode: StatusCodes.Status201Created);
    }
}
