using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Prompts;

/// <summary>What the bodies of all families' requests have in common.</summary>
internal static class RequestJson
{
    /// <summary>Text is sent as it is, escaped only where JSON requires it.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A lone surrogate cannot be sent; it becomes U+FFFD.</summary>
    public static string Clean(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>A tool's result as text: a string as it is, anything else as JSON.</summary>
    public static string TextOf(FunctionResultContent result) =>
        result.Result switch
        {
            null => "",
            string text => Clean(text),
            var value => JsonSerializer.Serialize(value),
        };

    /// <summary>Writes a number, unless there is none or JSON has no form for it.</summary>
    public static void WriteNumber(Utf8JsonWriter json, string name, float? value)
    {
        if (value is { } number && float.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
    }
}
