using System.Globalization;
using System.Text;

namespace Parley.Streaming.Providers.Demo;

/// <summary>The directives of one <c>#script</c> line; see docs/providers.md.</summary>
internal sealed record Script
{
    private const int MaxTokens = 1_000_000;
    private const int MaxTokenBytes = 1024 * 1024;
    private const int MaxWaitMilliseconds = 600_000;
    private const int SentenceLength = 6;

    private static readonly string[] Words =
    [
        "Grüße",
        "über",
        "naïve",
        "café",
        "日本語",
        "данные",
        "weiß",
        "señor",
        "emoji🙂",
        "río",
        "Ωmega",
        "stream",
        "token",
        "漢字",
        "façade",
        "crème",
        "łódź",
        "smörgås",
        "답변",
        "مرحبا",
        "position",
        "👩‍💻",
        "Zürich",
    ];

    public int Tokens { get; init; } = 12;

    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(3);

    public TimeSpan First { get; init; }

    public int Reasoning { get; init; }

    public int ErrorAfter { get; init; } = -1;

    public int StallAfter { get; init; } = -1;

    public int Tool { get; init; }

    public int Size { get; init; }

    public bool IsRateLimited { get; init; }

    /// <summary>Whether a question contains a directive.</summary>
    public static bool IsIn(string question) => question.Contains("#script", StringComparison.Ordinal) || IsLimit(question);

    private static bool IsLimit(string question) =>
        question.Contains("#ratelimit", StringComparison.Ordinal) || question.Contains("#http429", StringComparison.Ordinal);

    public static Script Parse(string question)
    {
        var script = new Script { IsRateLimited = IsLimit(question) };
        var start = question.IndexOf("#script", StringComparison.Ordinal);
        if (start < 0)
        {
            return script;
        }

        foreach (var word in question[(start + "#script".Length)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !int.TryParse(word.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                break;
            }

            script = word[..equals] switch
            {
                "tokens" => script with { Tokens = Math.Min(value, MaxTokens) },
                "delay" => script with { Delay = TimeSpan.FromMilliseconds(Math.Min(value, MaxWaitMilliseconds)) },
                "first" => script with { First = TimeSpan.FromMilliseconds(Math.Min(value, MaxWaitMilliseconds)) },
                "reasoning" => script with { Reasoning = Math.Min(value, MaxTokens) },
                "error-after" => script with { ErrorAfter = value },
                "stall-after" => script with { StallAfter = value },
                "tool" => script with { Tool = value },
                "size" => script with { Size = Math.Min(value, MaxTokenBytes) },
                _ => script,
            };
        }

        return script;
    }

    /// <summary>
    /// Delta <paramref name="index"/> of the text: a word, with a number at the start of each sentence, so that a loss or a repetition
    /// is visible.
    /// </summary>
    public string Token(int index)
    {
        var indexInSentence = index % SentenceLength;
        var number = (index / SentenceLength) + 1;
        var word =
            indexInSentence == 0 ? string.Create(CultureInfo.InvariantCulture, $"№{number}") : Words[((index * 7) + number) % Words.Length];
        var end = indexInSentence == SentenceLength - 1 ? ". " : " ";
        return Size == 0 ? word + end : Fill(word + " ", end);
    }

    /// <summary>Delta <paramref name="index"/> of the reasoning.</summary>
    public static string ReasoningToken(int index) => string.Create(CultureInfo.InvariantCulture, $"Überlegung {index + 1}. ");

    // Exactly Size bytes: the word as often as it fits, then dots.
    private string Fill(string word, string end)
    {
        var wordBytes = Encoding.UTF8.GetByteCount(word);
        var left = Size - end.Length;
        if (left < 0)
        {
            return new string('.', Size);
        }

        var text = new StringBuilder(Size);
        for (; left >= wordBytes; left -= wordBytes)
        {
            text.Append(word);
        }

        return text.Append('.', left).Append(end).ToString();
    }
}
