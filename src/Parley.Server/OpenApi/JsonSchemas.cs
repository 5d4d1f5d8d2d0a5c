using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Parley.Server.OpenApi;

/// <summary>How the JSON of a type is used.</summary>
/// <param name="Json">The options with which it is written or read.</param>
/// <param name="IsRequest">It is read: members may be absent or null unless they are required. Otherwise it is written: members that cannot
/// be null are always present.</param>
/// <param name="IsTolerant">Unknown members are ignored.</param>
internal sealed record SchemaUse(JsonSerializerOptions Json, bool IsRequest, bool IsTolerant);

/// <summary>Adds the schemas of the app's types to a document, each once, as the server itself writes and reads them.</summary>
internal sealed class JsonSchemas(OpenApiDocument document)
{
    /// <summary>Names of nested types that are only unique together with their declaring type.</summary>
    private static readonly HashSet<string> Generic = ["Request", "Page", "List", "Created", "Deleted"];

    private readonly Dictionary<string, (Type Type, SchemaUse Use)> _named = [];
    private readonly HashSet<string> _written = [];

    /// <summary>The schema of a type; a reference, for a type of the app.</summary>
    public IOpenApiSchema Of(Type type, SchemaUse use) =>
        IsNamed(type) ? new OpenApiSchemaReference(Add(type, use), document) : Read(Whole(type, use));

    /// <summary>Parses a schema.</summary>
    public OpenApiSchema Read(JsonNode json)
    {
        using var stream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(json));
        return new OpenApiJsonReader().ReadFragment<OpenApiSchema>(stream, OpenApiSpecVersion.OpenApi3_1, document, out _)
            ?? throw new InvalidOperationException($"Invalid schema: {json}");
    }

    /// <summary>A reference to an event's schema, which is added once.</summary>
    public JsonObject Named(EventSchema schema)
    {
        if (_written.Add(schema.Name))
        {
            document.AddComponent(schema.Name, Read(JsonNode.Parse(schema.Json)!));
        }

        return Reference(schema.Name);
    }

    private JsonNode Node(Type type, SchemaUse use) => IsNamed(type) ? Reference(Add(type, use)) : Whole(type, use);

    private JsonNode Whole(Type type, SchemaUse use)
    {
        use.Json.MakeReadOnly(populateMissingResolver: true);
        return use.Json.GetJsonSchemaAsNode(
            type,
            new JsonSchemaExporterOptions
            {
                TreatNullObliviousAsNonNullable = true,
                TransformSchemaNode = (context, node) => Refine(context, node, use),
            }
        );
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    /// <summary>Adds a type under its name, if it is not there yet.</summary>
    private string Add(Type type, SchemaUse use)
    {
        var name = NameOf(type);
        if (_named.TryAdd(name, (type, use)))
        {
            document.AddComponent(name, Read(Whole(type, use)));
        }
        else if (_named[name] != (type, use))
        {
            throw new InvalidOperationException(
                $"The schema {name} would stand for both {type} and {_named[name].Type}, or for two uses of one type."
            );
        }

        return name;
    }

    private JsonNode Refine(JsonSchemaExporterContext context, JsonNode node, SchemaUse use)
    {
        var property = context.PropertyInfo;
        if (property?.AttributeProvider is { } member)
        {
            if (Attribute<SchemaTypeAttribute>(member) is { } declared)
            {
                node = Node(declared.Type, use);
            }
            else if (IsNamed(context.TypeInfo.Type))
            {
                node = Reference(Add(context.TypeInfo.Type, use));
            }

            return Describe(node, member, IsNullable(property, use));
        }

        if (!context.Path.IsEmpty && IsNamed(context.TypeInfo.Type))
        {
            return Reference(Add(context.TypeInfo.Type, use));
        }

        return context.TypeInfo.Kind == JsonTypeInfoKind.Object && node is JsonObject schema
            ? Complete(schema, context.TypeInfo, use)
            : Narrow(node, isNullable: false);
    }

    /// <summary>Completes an object's schema: required members, and whether further members are allowed.</summary>
    private static JsonObject Complete(JsonObject schema, JsonTypeInfo type, SchemaUse use)
    {
        schema["type"] = "object";
        var required = type.Properties.Where(property => IsRequired(property, use)).Select(property => (JsonNode)property.Name).ToArray();
        schema.Remove("required");
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray(required);
        }

        schema.Remove("additionalProperties");
        if (use is { IsRequest: true, IsTolerant: false })
        {
            schema["additionalProperties"] = false;
        }

        return schema;
    }

    private static JsonObject Describe(JsonNode node, ICustomAttributeProvider member, bool isNullable)
    {
        var schema = Narrow(node, isNullable) as JsonObject ?? [];
        if (isNullable && schema.ContainsKey("$ref"))
        {
            schema = new JsonObject { ["oneOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
        }

        if (Attribute<SchemaValuesAttribute>(member) is { } allowed)
        {
            schema["enum"] = JsonSerializer.SerializeToNode(isNullable ? allowed.Values.Append(null) : allowed.Values);
        }

        if (Attribute<SchemaRangeAttribute>(member) is { } range)
        {
            (schema["minimum"], schema["maximum"]) = (range.Minimum, range.Maximum);
        }

        if (Attribute<DescriptionAttribute>(member) is { } description)
        {
            schema["description"] = description.Description;
        }

        return schema;
    }

    private static bool IsRequired(JsonPropertyInfo property, SchemaUse use) =>
        use.IsRequest
            ? Has<SchemaRequiredAttribute>(property) || !property.IsGetNullable
            : !property.IsGetNullable || WritesNull(property, use);

    private static bool IsNullable(JsonPropertyInfo property, SchemaUse use) =>
        property.IsGetNullable && (use.IsRequest ? !Has<SchemaRequiredAttribute>(property) : WritesNull(property, use));

    private static bool WritesNull(JsonPropertyInfo property, SchemaUse use) =>
        property.AttributeProvider is { } member && Attribute<JsonIgnoreAttribute>(member) is { } ignore
            ? ignore.Condition == JsonIgnoreCondition.Never
            : use.Json.DefaultIgnoreCondition is JsonIgnoreCondition.Never;

    /// <summary>Removes what the server never writes or accepts: null, and numbers as strings.</summary>
    private static JsonNode Narrow(JsonNode node, bool isNullable)
    {
        if (node is not JsonObject schema)
        {
            return node;
        }

        if (schema["type"] is JsonArray types)
        {
            var names = types.Select(type => type!.GetValue<string>()).ToList();
            if (!isNullable)
            {
                names.Remove("null");
            }

            if (names.Contains("integer") || names.Contains("number"))
            {
                names.Remove("string");
                schema.Remove("pattern");
            }

            schema["type"] = names.Count == 1 ? names[0] : JsonSerializer.SerializeToNode(names);
        }

        if (!isNullable && schema.TryGetPropertyValue("default", out var usual) && usual is null)
        {
            schema.Remove("default");
        }

        if (!isNullable && schema["enum"] is JsonArray values && values.Contains(null))
        {
            schema["enum"] = new JsonArray([.. values.Where(value => value is not null).Select(value => value!.DeepClone())]);
        }

        return schema;
    }

    private static bool IsNamed(Type type) =>
        type is { IsClass: true } && type.Namespace?.StartsWith("Parley.", StringComparison.Ordinal) == true;

    private static string NameOf(Type type)
    {
        var name = type.Name.EndsWith("View", StringComparison.Ordinal) ? type.Name[..^4] : type.Name;
        return type.DeclaringType is { } operation && Generic.Contains(name) ? operation.Name + name : name;
    }

    private static bool Has<T>(JsonPropertyInfo property)
        where T : Attribute => property.AttributeProvider is { } member && Attribute<T>(member) is not null;

    private static T? Attribute<T>(ICustomAttributeProvider member)
        where T : Attribute => member.GetCustomAttributes(typeof(T), inherit: false).Cast<T>().FirstOrDefault();
}
