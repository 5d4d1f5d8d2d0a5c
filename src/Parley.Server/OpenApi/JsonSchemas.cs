using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using Parley.Server.Data.Model;

namespace Parley.Server.OpenApi;

/// <summary>How the JSON of a type is meant.</summary>
/// <param name="Json">How it is written, or read.</param>
/// <param name="IsRequest">It is read: members may be absent or null unless they are required. Otherwise it is written: members that are not null are always there.</param>
/// <param name="IsTolerant">Further members are passed over.</param>
internal sealed record SchemaUse(JsonSerializerOptions Json, bool IsRequest, bool IsTolerant);

/// <summary>Puts the schemas of our types into a document, each once, by the rules with which the server itself writes and reads them.</summary>
internal sealed class JsonSchemas(OpenApiDocument document)
{
    /// <summary>Names of nested types that say nothing without the operation that they belong to.</summary>
    private static readonly HashSet<string> Generic = ["Request", "Page", "List", "Created", "Deleted"];

    private readonly Dictionary<string, (Type Type, SchemaUse Use)> _named = [];
    private readonly HashSet<string> _written = [];

    /// <summary>The schema of a type: a reference for one of ours.</summary>
    public IOpenApiSchema Of(Type type, SchemaUse use) =>
        IsNamed(type) ? new OpenApiSchemaReference(Add(type, use), document) : Read(Whole(type, use));

    /// <summary>A schema that is written down as JSON.</summary>
    public OpenApiSchema Read(JsonNode json)
    {
        using var stream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(json));
        return new OpenApiJsonReader().ReadFragment<OpenApiSchema>(stream, OpenApiSpecVersion.OpenApi3_1, document, out _)
            ?? throw new InvalidOperationException($"This is no schema: {json}");
    }

    /// <summary>A reference to a schema that is written down as JSON, and added once.</summary>
    public JsonObject Named(string name, Func<string, string> json)
    {
        if (_written.Add(name))
        {
            document.AddComponent(name, Read(JsonNode.Parse(json(name))!));
        }

        return Reference(name);
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

    /// <summary>Adds a type under its name, unless it is there.</summary>
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
                $"{type} and {_named[name].Type} would both be the schema {name}, or it is used in two ways."
            );
        }

        return name;
    }

    private JsonNode Refine(JsonSchemaExporterContext context, JsonNode node, SchemaUse use)
    {
        var property = context.PropertyInfo;
        if (property?.AttributeProvider is { } member)
        {
            if (Attribute<ShapeAttribute>(member) is { } shape)
            {
                node = Node(shape.Type, use);
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

    /// <summary>A whole object: what must be there, and whether there may be more.</summary>
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

        if (Attribute<AllowedValuesAttribute>(member) is { } allowed)
        {
            schema["enum"] = JsonSerializer.SerializeToNode(isNullable ? [.. allowed.Values, null] : allowed.Values);
        }

        if (Attribute<RangeAttribute>(member) is { } range)
        {
            (schema["minimum"], schema["maximum"]) = (
                JsonSerializer.SerializeToNode(range.Minimum),
                JsonSerializer.SerializeToNode(range.Maximum)
            );
        }

        if (Attribute<DescriptionAttribute>(member) is { } description)
        {
            schema["description"] = description.Description;
        }

        return schema;
    }

    private static bool IsRequired(JsonPropertyInfo property, SchemaUse use) =>
        use.IsRequest ? Has<RequiredAttribute>(property) || !property.IsGetNullable : !property.IsGetNullable || WritesNull(property, use);

    private static bool IsNullable(JsonPropertyInfo property, SchemaUse use) =>
        property.IsGetNullable && (use.IsRequest ? !Has<RequiredAttribute>(property) : WritesNull(property, use));

    private static bool WritesNull(JsonPropertyInfo property, SchemaUse use) =>
        property.AttributeProvider is { } member && Attribute<JsonIgnoreAttribute>(member) is { } ignore
            ? ignore.Condition == JsonIgnoreCondition.Never
            : use.Json.DefaultIgnoreCondition is JsonIgnoreCondition.Never;

    /// <summary>Leaves out what never comes: null, and numbers as text, which our JSON reads but does not write.</summary>
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
