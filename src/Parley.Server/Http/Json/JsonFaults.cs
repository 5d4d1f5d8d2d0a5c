using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http.Json;

/// <summary>Finds out why a body is refused. The serializer's exceptions only say so in their messages, which are not a contract.</summary>
internal static class JsonFaults
{
    private const int MaxFieldLength = 64;

    /// <summary>Finds syntax errors, and text that neither a database nor a provider can store. Null for a body without either.</summary>
    public static Problem? FindInText(ReadOnlySpan<byte> json, int maxDepth)
    {
        if (json.IsEmpty)
        {
            return StrictJson.Malformed("The body is empty. It must be a JSON object.");
        }

        try
        {
            return FindInvalidText(json, maxDepth) is { } field
                ? Problems.Invalid(field, ErrorCodes.InvalidText, "Text must not contain U+0000 or an unpaired surrogate.")
                : null;
        }
        catch (JsonException exception)
        {
            return StrictJson.Malformed(
                $"The body is not valid JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})."
            );
        }
    }

    /// <summary>
    /// Finds the first member, in the order of the text, for which a body could not be bound to a type: an unknown name, a duplicate, or a
    /// value of the wrong type.
    /// </summary>
    /// <param name="json">A body that is valid JSON.</param>
    /// <param name="type">The type.</param>
    /// <param name="path">The path at which the serializer gave up.</param>
    public static Problem FindInMembers(ReadOnlySpan<byte> json, JsonTypeInfo type, string? path)
    {
        var reader = ReaderOf(json, type.Options.MaxDepth);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return WrongType(path);
        }

        // The serializer stopped at this member: at its value, or since its name came a second time.
        var failed = path?.Split('.', '[') is [_, var first, ..] ? first : null;
        var isPassed = false;
        HashSet<string> seen = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!seen.Add(name))
            {
                return Duplicate(name);
            }

            if (!isPassed && !type.Properties.Any(property => property.Name == name))
            {
                return Problems.Invalid(Field(name), ErrorCodes.UnknownMember, "The request has no member of this name.");
            }

            reader.Read();
            if (name == failed && FindDuplicate(ref reader) is { } nested)
            {
                return Duplicate(nested);
            }

            isPassed |= name == failed;
            reader.Skip();
        }

        return WrongType(path);
    }

    /// <summary>The name of a member that occurs more than once in one object, at any depth.</summary>
    public static string? FindDuplicate(ReadOnlySpan<byte> json, int maxDepth)
    {
        var reader = ReaderOf(json, maxDepth);
        reader.Read();
        return FindDuplicate(ref reader);
    }

    public static Problem Duplicate(string? name) =>
        Problems.Invalid(Field(name), ErrorCodes.DuplicateMember, "The member occurs more than once.");

    public static Problem WrongType(string? path)
    {
        var field = path is ['$', '.', .. { Length: > 0 } member] ? member : "$";
        return Problems.Invalid(field[..Math.Min(field.Length, MaxFieldLength)], ErrorCodes.WrongType, "The value has the wrong type.");
    }

    private static string? FindDuplicate(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        Stack<HashSet<string>> open = [];
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    open.Push([]);
                    break;
                case JsonTokenType.EndObject:
                    open.Pop();
                    break;
                case JsonTokenType.PropertyName when reader.GetString() is var name && !open.Peek().Add(name!):
                    return name;
            }
        } while (
            (reader.CurrentDepth > depth || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) && reader.Read()
        );

        return null;
    }

    private static string? FindInvalidText(ReadOnlySpan<byte> json, int maxDepth)
    {
        var reader = ReaderOf(json, maxDepth);
        var field = "";
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
            {
                continue;
            }

            try
            {
                // Only escapes can make a NUL or a surrogate: unescaped, neither is valid JSON.
                var text = reader.ValueIsEscaped ? reader.GetString()! : "";
                if (text.Contains('\0'))
                {
                    return field.Length > 0 ? field : "$";
                }

                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    field = reader.GetString()!;
                }
            }
            catch (InvalidOperationException)
            {
                return field.Length > 0 ? field : "$";
            }
        }

        return null;
    }

    private static Utf8JsonReader ReaderOf(ReadOnlySpan<byte> json, int maxDepth) =>
        new(json, new JsonReaderOptions { MaxDepth = maxDepth });

    private static string Field(string? name) => name is { Length: > 0 and <= MaxFieldLength } ? name : "$";
}
