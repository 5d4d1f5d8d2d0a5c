using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>
/// Reads the fields of a client's request. The first unsupported or invalid value becomes the refusal, and reading continues, so that
/// callers need not check each field. A null field counts as missing, and unknown fields are ignored, since clients keep adding new ones.
/// </summary>
internal sealed class OpenAIRequestReader
{
    /// <summary>The first problem, or null.</summary>
    public OpenAIRefusal? Refusal { get; private set; }

    /// <summary>
    /// Returns the contents of an earlier Response's item by its id, or null when it does not exist. Null when references are not
    /// supported.
    /// </summary>
    public Func<string, IReadOnlyList<AIContent>?>? ItemOf { get; init; }

    public void Refuse(string message, string? param, string? code) => Refusal ??= new OpenAIRefusal(message, param, code);

    public void Missing(string path) => Refuse($"Missing required parameter: '{path}'.", path, OpenAIErrorCodes.MissingRequiredParameter);

    public void WrongType(string path, string expected) =>
        Refuse($"Invalid type for '{path}': expected {expected}.", path, OpenAIErrorCodes.InvalidType);

    public void WrongValue(string path, string expected) =>
        Refuse($"Invalid value for '{path}': expected {expected}.", path, OpenAIErrorCodes.InvalidValue);

    public void Unsupported(string path, string instead) =>
        Refuse($"'{path}' is not supported here. {instead}", path, OpenAIErrorCodes.UnsupportedParameter);

    /// <summary>Refuses text that neither the database nor a provider accepts, and that would throw when it is read.</summary>
    public bool HasValidText(JsonElement body)
    {
        var reader = new Utf8JsonReader(
            JsonMarshal.GetRawUtf8Value(body),
            new JsonReaderOptions
            {
                MaxDepth = 1000,
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
            }
        );
        string? field = null;
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
            {
                continue;
            }

            string? text = null;
            try
            {
                if (reader.ValueIsEscaped || reader.TokenType == JsonTokenType.PropertyName)
                {
                    text = reader.GetString()!;
                }
            }
            catch (InvalidOperationException)
            {
                text = "\0";
            }

            if (text?.Contains('\0') == true)
            {
                Refuse(
                    "Text must not contain U+0000 or an unpaired surrogate.",
                    reader.TokenType == JsonTokenType.String ? field : null,
                    OpenAIErrorCodes.InvalidValue
                );
                return false;
            }

            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                field = text;
            }
        }

        return true;
    }

    /// <summary>A field's value; null when it is missing or null.</summary>
    public static JsonElement? Find(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static bool Is(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    public string? Text(JsonElement parent, string name, string path)
    {
        if (Find(parent, name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString();
        }

        WrongType(path, "a string");
        return null;
    }

    /// <summary>A required text, which must not be empty.</summary>
    public string RequiredText(JsonElement parent, string name, string path)
    {
        if (Find(parent, name) is null)
        {
            Missing(path);
        }

        var text = Text(parent, name, path);
        if (text is "")
        {
            WrongValue(path, "a non-empty string");
        }

        return text ?? "";
    }

    public bool? Flag(JsonElement parent, string name, string path)
    {
        if (Find(parent, name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        WrongType(path, "true or false");
        return null;
    }

    public double? Number(JsonElement parent, string name, string path, double min, double max)
    {
        if (Find(parent, name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number))
        {
            WrongType(path, "a number");
            return null;
        }

        if (number >= min && number <= max)
        {
            return number;
        }

        var (word, code) =
            number < min ? ("below", OpenAIErrorCodes.DecimalBelowMinValue) : ("above", OpenAIErrorCodes.DecimalAboveMaxValue);
        Refuse(
            string.Create(CultureInfo.InvariantCulture, $"Invalid '{path}': {value.GetRawText()} is {word} the range from {min} to {max}."),
            path,
            code
        );
        return null;
    }

    public int? Integer(JsonElement parent, string name, string path, int min)
    {
        if (Find(parent, name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || number != Math.Floor(number))
        {
            WrongType(path, "a whole number");
            return null;
        }

        if (number >= min && number <= int.MaxValue)
        {
            return (int)number;
        }

        Refuse(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Invalid '{path}': {value.GetRawText()} is not in the range from {min} to {int.MaxValue}."
            ),
            path,
            number < min ? OpenAIErrorCodes.IntegerBelowMinValue : OpenAIErrorCodes.IntegerAboveMaxValue
        );
        return null;
    }

    public JsonElement? Object(JsonElement parent, string name, string path) =>
        OfKind(parent, name, path, JsonValueKind.Object, "an object");

    public JsonElement? Array(JsonElement parent, string name, string path) => OfKind(parent, name, path, JsonValueKind.Array, "an array");

    /// <summary>The objects of an array, each with its path. Other values are refused.</summary>
    public IEnumerable<(JsonElement Value, string Path)> Objects(JsonElement array, string path)
    {
        var index = 0;
        foreach (var value in array.EnumerateArray())
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{index++}]");
            if (value.ValueKind != JsonValueKind.Object)
            {
                WrongType(at, "an object");
            }
            else
            {
                yield return (value, at);
            }
        }
    }

    private JsonElement? OfKind(JsonElement parent, string name, string path, JsonValueKind kind, string expected)
    {
        if (Find(parent, name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == kind)
        {
            return value;
        }

        WrongType(path, expected);
        return null;
    }
}
