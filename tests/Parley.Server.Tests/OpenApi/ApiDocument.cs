using System.Text.Json;
using System.Text.RegularExpressions;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.OpenApi;

/// <summary>The API's own description, as the server serves it.</summary>
internal sealed class ApiDocument(JsonElement root)
{
    private static readonly string[] Methods = ["get", "head", "post", "put", "patch", "delete"];

    public JsonElement Root => root;

    public IReadOnlyList<DescribedOperation> Operations { get; } =
    [
        .. from path in root.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where Methods.Contains(operation.Name)
        select new DescribedOperation(operation.Name.ToUpperInvariant(), path.Name, operation.Value),
    ];

    public static async Task<ApiDocument> ReadAsync(TestUser reader) => new(await reader.GetAsync("/openapi/v1.json"));

    public JsonElement Schema(string name) => root.GetProperty("components").GetProperty("schemas").GetProperty(name);

    /// <summary>What is wrong with a value as one of this schema.</summary>
    public IReadOnlyList<string> Errors(JsonElement value, JsonElement schema, bool isClosed = true) =>
        new JsonSchemaCheck(root, isClosed).Errors(value, schema);

    /// <summary>
    /// Sends a request, and checks that its answer is one that is described: its status, its type, its headers and its body.
    /// </summary>
    public async Task<JsonElement> CheckAsync(
        TestUser user,
        int status,
        string method,
        string path,
        object? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var response = await user.SendAsync(method, path, body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{method} {path}: {(int)response.StatusCode} {text}");
        return Check(method, path, response, text);
    }

    private JsonElement Check(string method, string path, HttpResponseMessage response, string text)
    {
        var operation = Operation(method, path);
        var described = operation.Response((int)response.StatusCode);
        Assert.True(described is not null, $"{operation}: {(int)response.StatusCode} is not described: {text}");
        var headers = described.Value.TryGetProperty("headers", out var named)
            ? named.EnumerateObject().Select(header => header.Name).ToHashSet(StringComparer.OrdinalIgnoreCase)
            : [];
        Assert.All(headers, header =>
            Assert.True(Optional.Contains(header) || response.Headers.Contains(header), $"{operation}: {header} is missing")
        );
        Assert.All(
            response.Headers.Where(header => header.Key.StartsWith("Stream-", StringComparison.Ordinal) || Telling.Contains(header.Key)),
            header => Assert.True(headers.Contains(header.Key), $"{operation}: {header.Key} is not described")
        );

        var type = response.Content.Headers.ContentType?.MediaType;
        var hasContent = described.Value.TryGetProperty("content", out var content);
        if (text.Length == 0 && (type is null || !hasContent || method == "HEAD"))
        {
            return default;
        }

        Assert.True(hasContent && content.TryGetProperty(type!, out _), $"{operation} {(int)response.StatusCode}: {type} is not described");
        if (type is not ("application/json" or "application/problem+json"))
        {
            return default;
        }

        var json = JsonElement.Parse(text);
        var errors = Errors(json, content.GetProperty(type).GetProperty("schema"));
        Assert.True(errors.Count == 0, $"{operation} {(int)response.StatusCode}: {string.Join("; ", errors)}\n{text}");
        if (type == "application/problem+json")
        {
            Assert.Contains(
                $"`{json.GetProperty("code").GetString()}`",
                described.Value.GetProperty("description").GetString(),
                StringComparison.Ordinal
            );
        }

        return json;
    }

    public DescribedOperation Operation(string method, string path)
    {
        path = path.Split('?')[0];
        return Operations
            .Where(operation => operation.Method == method && operation.Matches(path))
            .MinBy(operation => operation.Path.Count(letter => letter == '{'))
            ?? throw new InvalidOperationException($"{method} {path} is not described.");
    }

    /// <summary>Headers that a client may need.</summary>
    private static readonly HashSet<string> Telling = new(
        ["Location", "ETag", "Retry-After", "X-Generation-Id", "X-Conversation-Id"],
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>Headers that only some of the answers of a status have.</summary>
    private static readonly HashSet<string> Optional = new(
        [
            "Stream-Next-Offset",
            "Stream-Up-To-Date",
            "Stream-Closed",
            "Stream-Cursor",
            "ETag",
            "Retry-After",
            "WWW-Authenticate",
            "X-Generation-Id",
            "X-Conversation-Id",
        ],
        StringComparer.OrdinalIgnoreCase
    );
}

/// <summary>One operation of the document.</summary>
internal sealed record DescribedOperation(string Method, string Path, JsonElement Json)
{
    public string Id => Json.GetProperty("operationId").GetString()!;

    public IEnumerable<JsonElement> Parameters => Json.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [];

    public JsonElement? Body =>
        Json.TryGetProperty("requestBody", out var body) ? body.GetProperty("content").GetProperty("application/json") : null;

    public IEnumerable<(string Name, JsonElement Value)> Examples =>
        Body is { } body && body.TryGetProperty("examples", out var examples)
            ? examples.EnumerateObject().Select(example => (example.Name, example.Value.GetProperty("value")))
            : [];

    public JsonElement? Response(int status) =>
        Json.GetProperty("responses").TryGetProperty(status.ToString(System.Globalization.CultureInfo.InvariantCulture), out var response)
            ? response
            : null;

    public IEnumerable<int> Statuses =>
        Json.GetProperty("responses")
            .EnumerateObject()
            .Select(response => int.Parse(response.Name, System.Globalization.CultureInfo.InvariantCulture));

    public bool Matches(string path) =>
        Regex.IsMatch(
            path,
            "^"
                + Regex.Replace(
                    Regex.Escape(Path),
                    @"\\\{[a-z]+\}",
                    Path.StartsWith("/v1/models/", StringComparison.Ordinal) ? ".+" : "[^/]+"
                )
                + "$",
            RegexOptions.CultureInvariant,
            TimeSpan.FromSeconds(1)
        );

    public override string ToString() => $"{Method} {Path}";
}
