using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>An answer as a client renders it: its parts in order, and how the client reports the end.</summary>
internal sealed class RenderedAnswer
{
    public List<RenderedPart> Parts { get; } = [];

    /// <summary>Null while it has not ended.</summary>
    public string? End { get; set; }

    public string Text => Joined("text");

    public string Reasoning => Joined("reasoning");

    public IEnumerable<RenderedPart> Calls => Parts.Where(part => part.Kind == "tool");

    /// <summary>Sources, files and data.</summary>
    public IEnumerable<RenderedPart> Extras => Parts.Where(part => part.Kind is not ("text" or "reasoning" or "tool"));

    /// <summary>Appends text. Consecutive text of one kind is one part.</summary>
    public void Append(string kind, string text)
    {
        if (Parts.Count > 0 && Parts[^1].Kind == kind)
        {
            Parts[^1].Content += text;
        }
        else
        {
            Parts.Add(new RenderedPart(kind, "", text));
        }
    }

    /// <summary>The newest call with this id.</summary>
    public RenderedPart Call(string id) =>
        Calls.LastOrDefault(call => call.Key.StartsWith(id + " ", StringComparison.Ordinal))
        ?? throw new InvalidDataException($"A result for a call that is not known: {id}");

    /// <summary>The whole answer as text, for comparisons.</summary>
    public override string ToString() => string.Join('\n', [.. Parts.Select(part => JsonSerializer.Serialize(part)), "end: " + End]);

    /// <summary>The whole answer as text, without the order of parts of different kinds.</summary>
    public string Flat() =>
        string.Join(
            '\n',
            [
                "text: " + Text,
                "reasoning: " + Reasoning,
                .. Calls.Concat(Extras).Select(part => JsonSerializer.Serialize(part)),
                "end: " + End,
            ]
        );

    private string Joined(string kind) => string.Concat(Parts.Where(part => part.Kind == kind).Select(part => part.Content));

    /// <summary>JSON without white space and escapes, for comparisons. Lone surrogates are kept.</summary>
    public static string Canonical(JsonElement json)
    {
        var (raw, canonical, inString) = (json.GetRawText(), new StringBuilder(), false);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '"')
            {
                inString = !inString;
            }

            if (!inString && char.IsWhiteSpace(raw[i]))
            {
                continue;
            }

            var escaped = raw[i] == '\\';
            if (escaped)
            {
                i++;
            }

            canonical.Append(
                (escaped, raw[i]) switch
                {
                    (true, 'b') => '\b',
                    (true, 't') => '\t',
                    (true, 'n') => '\n',
                    (true, 'f') => '\f',
                    (true, 'r') => '\r',
                    (true, 'u') => (char)int.Parse(raw.AsSpan((i += 4) - 3, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    (_, var character) => character,
                }
            );
        }

        return canonical.ToString();
    }
}

/// <summary>One part as a client renders it.</summary>
/// <param name="kind"><c>text</c>, <c>reasoning</c>, <c>tool</c>, <c>source</c>, <c>file</c> or <c>data</c>.</param>
/// <param name="key">Of a call: its id and tool.</param>
/// <param name="content">Text, arguments or JSON.</param>
internal sealed class RenderedPart(string kind, string key, string content)
{
    public const string BadArguments = "bad arguments";

    public string Kind { get; } = kind;

    public string Key { get; } = key;

    public string Content { get; set; } = content;

    /// <summary>Of a call: <c>result: …</c>, <c>error: …</c>, <see cref="BadArguments"/>, or null while it waits.</summary>
    public string? Outcome { get; set; }

    public RenderedPart Copy() => new(Kind, Key, Content) { Outcome = Outcome };
}

/// <summary>What a format's clients can show.</summary>
[Flags]
internal enum ClientFeatures
{
    Text = 0,
    Reasoning = 1,
    Tools = 2,

    /// <summary>A call that has no result when the generation ends gets an error.</summary>
    EndsCalls = 4,

    /// <summary>A call whose arguments are not JSON is an error at once.</summary>
    RefusesBadArguments = 8,
    Sources = 16,
    Files = 32,
    Data = 64,
    All = 127,
}
