using System.Diagnostics.CodeAnalysis;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Streaming.WireFormats;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Generations;

/// <summary>The wire formats by the names that <c>?format=</c> takes.</summary>
public static class FormatParameter
{
    private static readonly Dictionary<string, Func<GenerationInfo, WireFormat>> ByName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["native"] = static info => new NativeEvents(info),
        ["token"] = static _ => new TokenEvents(),
        ["content"] = static _ => new ContentEvents(),
        ["text"] = static _ => new RawText(),
        ["data"] = static info => new DataStream(info),
        ["v4"] = static info => new DataStream(info),
        ["v3"] = static info => new DataStream(info, DataStreamVersion.AiSdk3),
        ["ui"] = static info => new UiMessageStream(info),
        ["chat"] = static info => new ChatCompletionChunks(info, includeUsage: true, declaredTools: null),
        ["responses"] = static info => new ResponseEvents(info, null, null),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>Reads <c>?format=</c>, which wins over everything else. Null when there is none.</summary>
    public static bool TryRead(HttpContext http, out Func<GenerationInfo, WireFormat>? format, [NotNullWhen(false)] out IResult? problem)
    {
        format = null;
        if (!Query.TryReadOnce(http, "format", out var name, out problem))
        {
            return false;
        }

        if (name is null || ByName.TryGetValue(name, out format))
        {
            return true;
        }

        problem = Problems.Invalid("format", "unknown_format", $"There is no such format. There are: {string.Join(", ", Names)}.");
        return false;
    }
}
