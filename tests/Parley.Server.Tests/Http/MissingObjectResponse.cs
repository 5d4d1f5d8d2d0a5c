using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

/// <summary>Asserts the response of a route to an id of no object, or of another user's object.</summary>
internal static partial class MissingObjectResponse
{
    public static async Task AssertAsync(Route route, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        var expected = route.Line.Missing switch
        {
            WhenMissing.NotFound or WhenMissing.BareNotFound => HttpStatusCode.NotFound,
            WhenMissing.NoContent => HttpStatusCode.NoContent,
            _ => HttpStatusCode.OK,
        };
        Assert.True(response.StatusCode == expected, $"{route.Name}: {response.StatusCode} {body}");
        switch (route.Line.Missing)
        {
            case WhenMissing.NotFound:
                Assert.Equal(
                    route.Line.Id == IdOf.Model ? "model_not_found" : "not_found",
                    (await Problem.ReadAsync(response)).GetProperty("code").GetString()
                );
                break;
            case WhenMissing.ErrorEvent:
                Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
                Assert.Matches(ErrorEvent(), body);
                break;
            default:
                Assert.Equal("", body);
                break;
        }
    }

    /// <summary>
    /// Status, headers and body, without what differs between any two responses, and without the requested id. Content-Length is left out
    /// because the body is compared.
    /// </summary>
    public static async Task<string> BytesAsync(HttpResponseMessage response, string asked)
    {
        var text = new StringBuilder().Append((int)response.StatusCode).Append('\n');
        foreach (
            var (name, values) in response
                .Headers.Concat(response.Content.Headers)
                .Where(header => header.Key.ToLowerInvariant() is not ("date" or "x-request-id" or "content-length"))
                .OrderBy(header => header.Key, StringComparer.Ordinal)
        )
        {
            text.Append(name).Append(": ").AppendJoin(", ", values).Append('\n');
        }

        return TraceId()
            .Replace(text.Append(await response.Content.ReadAsStringAsync()).ToString(), "\"traceId\":\"\"")
            .Replace(asked, "<asked>", StringComparison.Ordinal);
    }

    /// <summary>Replaces ids and times, for responses of requests that create objects.</summary>
    public static string WithoutOwn(string bytes) => Time().Replace(Uuid().Replace(bytes, "<id>"), "<time>");

    [GeneratedRegex("^retry: 86400000\n\ndata: \\{\"type\":\"error\",\"message\":\"[^\"]+\"\\}\n\n$")]
    private static partial Regex ErrorEvent();

    [GeneratedRegex("\"traceId\":\"[0-9a-f-]+\"")]
    private static partial Regex TraceId();

    [GeneratedRegex("[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|\\+00:00)")]
    private static partial Regex Time();
}
