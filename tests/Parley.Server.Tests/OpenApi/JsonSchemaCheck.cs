using System.Text.Json;
using System.Text.RegularExpressions;

namespace Parley.Server.Tests.OpenApi;

/// <summary>
/// Checks JSON against the schemas of the API's document: as much of JSON Schema as they use, and a keyword that is not known here fails.
/// With <c>isClosed</c> a member that no schema names is an error too, so that an answer holds nothing that is not described.
/// </summary>
internal sealed class JsonSchemaCheck(JsonElement document, bool isClosed)
{
    private static readonly HashSet<string> Notes = ["title", "description", "default", "examples", "example", "format"];

    /// <summary>What is wrong, each with where; empty when the value fits.</summary>
    public IReadOnlyList<string> Errors(JsonElement value, JsonElement schema)
    {
        List<string> errors = [];
        Check(value, schema, "$", errors, isClosed);
        return errors;
    }

    private void Check(JsonElement value, JsonElement schema, string at, List<string> errors, bool closed)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            switch (keyword.Name)
            {
                case "$ref":
                    Check(value, Resolve(keyword.Value.GetString()!), at, errors, closed);
                    break;
                case "type":
                    if (!Types(keyword.Value).Any(type => IsOf(value, type)))
                    {
                        errors.Add($"{at}: {value.ValueKind} is not {keyword.Value}");
                    }

                    break;
                case "enum":
                    if (!keyword.Value.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)))
                    {
                        errors.Add($"{at}: {value} is not one of {keyword.Value}");
                    }

                    break;
                case "const":
                    if (!JsonElement.DeepEquals(keyword.Value, value))
                    {
                        errors.Add($"{at}: {value} is not {keyword.Value}");
                    }

                    break;
                case "required" when value.ValueKind == JsonValueKind.Object:
                    errors.AddRange(
                        keyword
                            .Value.EnumerateArray()
                            .Where(name => !value.TryGetProperty(name.GetString()!, out _))
                            .Select(name => $"{at}: {name} is missing")
                    );
                    break;
                case "properties" when value.ValueKind == JsonValueKind.Object:
                    foreach (var property in keyword.Value.EnumerateObject().Where(property => value.TryGetProperty(property.Name, out _)))
                    {
                        Check(value.GetProperty(property.Name), property.Value, $"{at}.{property.Name}", errors, isClosed);
                    }

                    break;
                case "additionalProperties" when value.ValueKind == JsonValueKind.Object:
                    CheckAdditional(value, schema, keyword.Value, at, errors);
                    break;
                case "items" when value.ValueKind == JsonValueKind.Array:
                    foreach (var (index, item) in value.EnumerateArray().Index())
                    {
                        Check(item, keyword.Value, $"{at}[{index}]", errors, isClosed);
                    }

                    break;
                case "minimum" when value.ValueKind == JsonValueKind.Number:
                    if (value.GetDouble() < keyword.Value.GetDouble())
                    {
                        errors.Add($"{at}: {value} is less than {keyword.Value}");
                    }

                    break;
                case "maximum" when value.ValueKind == JsonValueKind.Number:
                    if (value.GetDouble() > keyword.Value.GetDouble())
                    {
                        errors.Add($"{at}: {value} is more than {keyword.Value}");
                    }

                    break;
                case "pattern" when value.ValueKind == JsonValueKind.String:
                    if (
                        !Regex.IsMatch(
                            value.GetString()!,
                            keyword.Value.GetString()!,
                            RegexOptions.CultureInvariant,
                            TimeSpan.FromSeconds(1)
                        )
                    )
                    {
                        errors.Add($"{at}: {value} does not match {keyword.Value}");
                    }

                    break;
                case "oneOf" or "anyOf":
                    CheckAlternatives(value, keyword, at, errors);
                    break;
                case "required"
                or "properties"
                or "additionalProperties"
                or "items"
                or "minimum"
                or "maximum"
                or "pattern"
                or "minLength"
                or "maxLength":
                    break;
                default:
                    if (!Notes.Contains(keyword.Name))
                    {
                        errors.Add($"{at}: the check does not know '{keyword.Name}'");
                    }

                    break;
            }
        }

        if (closed && value.ValueKind == JsonValueKind.Object)
        {
            CheckNothingElse(value, schema, at, errors);
        }
    }

    private void CheckAlternatives(JsonElement value, JsonProperty keyword, string at, List<string> errors)
    {
        var attempts = keyword
            .Value.EnumerateArray()
            .Select(alternative =>
            {
                List<string> found = [];
                // Members of an alternative stand beside those of the schema that it is in, which is where unknown ones are looked for.
                Check(value, alternative, at, found, closed: false);
                return found;
            })
            .ToList();
        var fitting = attempts.Count(found => found.Count == 0);
        if (fitting == 0)
        {
            errors.Add($"{at}: fits no alternative: {string.Join("; ", attempts.MinBy(found => found.Count)!)}");
        }
        else if (fitting > 1 && keyword.Name == "oneOf")
        {
            errors.Add($"{at}: fits {fitting} alternatives, of which only one may fit");
        }
    }

    private void CheckAdditional(JsonElement value, JsonElement schema, JsonElement additional, string at, List<string> errors)
    {
        var known = schema.TryGetProperty("properties", out var properties)
            ? properties.EnumerateObject().Select(property => property.Name).ToHashSet()
            : [];
        foreach (var member in value.EnumerateObject().Where(member => !known.Contains(member.Name)))
        {
            if (additional.ValueKind == JsonValueKind.False)
            {
                errors.Add($"{at}: '{member.Name}' may not be there");
            }
            else if (additional.ValueKind == JsonValueKind.Object)
            {
                Check(member.Value, additional, $"{at}.{member.Name}", errors, isClosed);
            }
        }
    }

    private void CheckNothingElse(JsonElement value, JsonElement schema, string at, List<string> errors)
    {
        if (schema.TryGetProperty("$ref", out _) || schema.TryGetProperty("additionalProperties", out _))
        {
            return;
        }

        var known = Named(schema, value).ToHashSet();
        if (known.Count > 0)
        {
            errors.AddRange(
                value
                    .EnumerateObject()
                    .Where(member => !known.Contains(member.Name))
                    .Select(member => $"{at}: '{member.Name}' is not described")
            );
        }
    }

    /// <summary>The members that a schema names, with those of its alternatives that the value is one of.</summary>
    private IEnumerable<string> Named(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            return Named(Resolve(reference.GetString()!), value);
        }

        var own = schema.TryGetProperty("properties", out var properties)
            ? properties.EnumerateObject().Select(property => property.Name)
            : [];
        var alternatives =
            schema.TryGetProperty("oneOf", out var one) || schema.TryGetProperty("anyOf", out one) ? one.EnumerateArray() : [];
        return own.Concat(
            alternatives
                .Where(alternative =>
                {
                    List<string> found = [];
                    Check(value, alternative, "", found, closed: false);
                    return found.Count == 0;
                })
                .SelectMany(alternative => Named(alternative, value))
        );
    }

    private JsonElement Resolve(string reference)
    {
        var found = document;
        foreach (var name in reference.Split('/').Skip(1))
        {
            found = found.GetProperty(name);
        }

        return found;
    }

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(item => item.GetString()!) : [type.GetString()!];

    private static bool IsOf(JsonElement value, string type) =>
        type switch
        {
            "null" => value.ValueKind == JsonValueKind.Null,
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            _ => value.ValueKind == JsonValueKind.Number,
        };
}
