using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Server.Http.Json;

/// <summary>How answers are written: camelCase, absent rather than null unless a member says otherwise.</summary>
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
