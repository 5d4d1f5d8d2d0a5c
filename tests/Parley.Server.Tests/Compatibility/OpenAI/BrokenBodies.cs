using System.Text.Json;
using System.Text.Json.Nodes;

namespace Parley.Server.Tests.Compatibility.OpenAI;

/// <summary>A good body with one value replaced, for each of its values, by everything that a value can be.</summary>
internal static class BrokenBodies
{
    private const string Place = "the value goes here";

    private static readonly string[] Values =
    [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e999",
        "123456789012345678901234567890",
        "\"\"",
        "\"x\"",
        "\"\\u0000\"",
        "\"\\ud83d\"",
        "\"data:,\"",
        "\"data:image/png;base64,\"",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "[{}]",
        "[\"text\"]",
        "{\"type\":\"text\"}",
        "{\"type\":\"function\"}",
    ];

    /// <summary>Whether each is taken or refused is other tests' concern; here it must only be said.</summary>
    public static void Try(string good, Func<JsonElement, bool> parse)
    {
        Assert.True(parse(JsonElement.Parse(good)));
        var taken = 0;
        var count = Nodes(JsonNode.Parse(good)!).Count();
        for (var at = 0; at < count; at++)
        {
            var body = JsonNode.Parse(good)!;
            var node = Nodes(body).ElementAt(at);
            if (node == body)
            {
                body = Place;
            }
            else
            {
                node.ReplaceWith(Place);
            }

            foreach (var value in Values)
            {
                if (parse(JsonElement.Parse(body.ToJsonString().Replace($"\"{Place}\"", value, StringComparison.Ordinal))))
                {
                    taken++;
                }
            }
        }

        Assert.InRange(taken, 1, count * Values.Length / 2);
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode node)
    {
        yield return node;
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject parent => parent.Select(pair => pair.Value),
            JsonArray parent => parent,
            _ => [],
        };
        foreach (var child in children.OfType<JsonNode>())
        {
            foreach (var inner in Nodes(child))
            {
                yield return inner;
            }
        }
    }
}
