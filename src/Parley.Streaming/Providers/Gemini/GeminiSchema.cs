using System.Text.Json;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>
/// Writes a JSON schema with the keywords that the API knows. It refuses a whole request for one keyword that it does not know, so the
/// others are left out, or written in another way.
/// </summary>
internal static class GeminiSchema
{
    private static readonly HashSet<string> Values =
    [
        "$id",
        "$anchor",
        "type",
        "title",
        "description",
        "enum",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "required",
        "propertyOrdering",
    ];

    private static readonly HashSet<string> Formats = ["date-time", "date", "time", "enum", "int32", "int64", "float", "double"];

    public static void Write(Utf8JsonWriter json, JsonElement schema)
    {
        json.WriteStartObject();
        if (schema.ValueKind == JsonValueKind.Object)
        {
            WriteKeywords(json, schema);
        }

        json.WriteEndObject();
    }

    /// <summary>The schema describes arguments: an object with at least one property.</summary>
    public static bool HasProperties(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("properties", out var properties)
        && properties.ValueKind == JsonValueKind.Object
        && properties.EnumerateObject().MoveNext();

    private static void WriteKeywords(Utf8JsonWriter json, JsonElement schema)
    {
        // Nothing but other $ keywords may stand beside a reference.
        var isReference = schema.TryGetProperty("$ref", out var reference) && reference.ValueKind == JsonValueKind.String;
        if (isReference)
        {
            json.WriteString("$ref", reference.GetString()!.Replace("#/definitions/", "#/$defs/", StringComparison.Ordinal));
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            if (!isReference || keyword.Name is "$defs" or "definitions")
            {
                WriteKeyword(json, schema, keyword.Name, keyword.Value);
            }
        }
    }

    private static void WriteKeyword(Utf8JsonWriter json, JsonElement schema, string name, JsonElement value)
    {
        switch (name, value.ValueKind)
        {
            case ("format", JsonValueKind.String) when Formats.Contains(value.GetString()!):
            case ("additionalProperties", JsonValueKind.True or JsonValueKind.False):
            case (_, _) when Values.Contains(name):
                json.WritePropertyName(name);
                value.WriteTo(json);
                break;
            case ("const", _) when !schema.TryGetProperty("enum", out _):
                json.WriteStartArray("enum");
                value.WriteTo(json);
                json.WriteEndArray();
                break;
            case ("properties" or "$defs" or "definitions", JsonValueKind.Object):
                json.WriteStartObject(name == "definitions" ? "$defs" : name);
                foreach (var property in value.EnumerateObject())
                {
                    json.WritePropertyName(property.Name);
                    Write(json, property.Value);
                }

                json.WriteEndObject();
                break;
            case ("items" or "additionalProperties", JsonValueKind.Object):
                json.WritePropertyName(name);
                Write(json, value);
                break;
            case ("anyOf" or "oneOf" or "prefixItems", JsonValueKind.Array):
                json.WriteStartArray(name);
                foreach (var part in value.EnumerateArray())
                {
                    Write(json, part);
                }

                json.WriteEndArray();
                break;
        }
    }
}
