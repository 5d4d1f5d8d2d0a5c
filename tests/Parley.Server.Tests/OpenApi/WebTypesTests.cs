using System.Text.Json;
using System.Text.Json.Nodes;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.OpenApi;

/// <summary>
/// The web app's types are generated from <c>web/src/api/openapi.json</c>, which must hold the schemas that the server describes.
/// </summary>
public sealed class WebTypesTests(ParleyServer server)
{
    [Fact]
    public async Task WebTypes_OfEverySchema_AreThoseOfTheServer()
    {
        var committed = Schemas(
            await File.ReadAllTextAsync(
                Path.Combine(AppContext.BaseDirectory, "web", "openapi.json"),
                TestContext.Current.CancellationToken
            )
        );
        using var reader = server.NewUser();
        var current = Schemas((await reader.GetAsync("/openapi/v1.json")).GetRawText());

        Assert.True(committed.Count >= 15, $"{committed.Count} schemas");
        var stale = Stale(committed, current);
        Assert.True(
            stale.Count == 0,
            $"Stale: {string.Join(", ", stale)}. Run `npm run types -- http://localhost:5080` in web/ while the server runs there."
        );
    }

    [Theory]
    [InlineData("""{ "Message": { "type": "object", "properties": { "id": { "type": "integer" } } } }""")]
    [InlineData("""{ "Message": { "type": "object", "properties": { "id": { "type": "string" }, "title": { "type": "string" } } } }""")]
    [InlineData("""{ "Message": { "required": ["id"], "type": "object", "properties": { "id": { "type": "string" } } } }""")]
    [InlineData("{ }")]
    public void WebTypes_OfAChangedOrMissingSchema_AreStale(string current)
    {
        var committed = JsonNode.Parse("""{ "Message": { "type": "object", "properties": { "id": { "type": "string" } } } }""")!.AsObject();
        Assert.Single(Stale(committed, JsonNode.Parse(current)!.AsObject()));
    }

    [Fact]
    public void WebTypes_OfASchemaWithAnotherDescription_AreCurrent()
    {
        const string Schema =
            """{ "components": { "schemas": { "Message": { "properties": { "description": { "type": "string"%1 } }%2 } } } }""";
        string Text(string first, string second) =>
            Schema.Replace("%1", first, StringComparison.Ordinal).Replace("%2", second, StringComparison.Ordinal);
        var committed = Schemas(Text("", ""));
        var current = Schemas(Text(""", "description": "A text." """, """, "description": "A message." """));
        Assert.Empty(Stale(committed, current));
    }

    private static List<string> Stale(JsonObject committed, JsonObject current) =>
        [.. committed.Where(schema => !JsonNode.DeepEquals(schema.Value, current[schema.Key])).Select(schema => schema.Key)];

    private static JsonObject Schemas(string document)
    {
        var schemas = JsonNode.Parse(document)!["components"]!["schemas"]!.AsObject();
        RemoveDescriptions(schemas);
        return schemas;
    }

    /// <summary>A property called <c>description</c> has an object as its value, and stays.</summary>
    private static void RemoveDescriptions(JsonNode? node)
    {
        if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                RemoveDescriptions(item);
            }
        }

        if (node is not JsonObject members)
        {
            return;
        }

        if (members["description"]?.GetValueKind() == JsonValueKind.String)
        {
            members.Remove("description");
        }

        foreach (var (_, member) in members)
        {
            RemoveDescriptions(member);
        }
    }
}
