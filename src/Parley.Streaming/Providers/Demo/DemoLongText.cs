using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Streaming.Providers.Demo;

/// <summary>A long Markdown text of about the requested size, to see how long answers stream and render.</summary>
internal static partial class DemoLongText
{
    private const int DefaultBytes = 20 * 1024;
    private const int MaxBytes = 1024 * 1024;

    private static readonly string[] Sentences =
    [
        "A generation is a log: one writer appends, and any number of readers follow from a cursor.",
        "The person who asked is only the first reader, so closing the tab changes nothing.",
        "What carries a position has been stored before anyone sees it.",
        "A slow reader gets fewer and larger pieces, never a queue that grows.",
        "Positions never change: not after a restart, not on another device – not even years later.",
        "Umlauts (äöü), accents (éèê), 漢字 and emoji 🙂 arrive whole, whatever the network does.",
        "Stopping is a request to the writer; losing the connection is not.",
        "This paragraph was prepared beforehand: no language model wrote it.",
    ];

    private static readonly string[] Topics =
    [
        "Positions",
        "Readers",
        "The writer",
        "Storage",
        "Reconnecting",
        "Limits",
        "Failures",
        "Languages",
    ];

    /// <summary>The size that the question asks for, in bytes; null where it does not ask for a long text.</summary>
    public static int? SizeAsked(string question)
    {
        if (Size().Match(question) is { Success: true } size)
        {
            var unit = size.Groups[2].Value is ['m' or 'M', ..] ? 1024 * 1024 : 1024;
            return int.TryParse(size.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? (int)Math.Clamp((long)count * unit, 1024, MaxBytes)
                : MaxBytes;
        }

        return Long().IsMatch(question) ? DefaultBytes : null;
    }

    public static string Write(int bytes)
    {
        var text = new StringBuilder(bytes);
        text.Append("# A long answer\n\nI am Parley's built-in demo, **not a language model**. You asked for a long text; here are about ")
            .Append(CultureInfo.InvariantCulture, $"{bytes / 1024} KB of prepared markdown.\n\n");
        var written = Encoding.UTF8.GetByteCount(text.ToString());
        for (var number = 1; written < bytes; number++)
        {
            var section = Section(number);
            written += Encoding.UTF8.GetByteCount(section);
            text.Append(section);
        }

        return text.Append("That was all of it.\n").ToString();
    }

    private static string Section(int number)
    {
        var section = new StringBuilder();
        section.Append(CultureInfo.InvariantCulture, $"## {number}. {Topics[number % Topics.Length]}\n\n");
        for (var i = 0; i < 4; i++)
        {
            section.Append(Sentences[((number * 3) + i) % Sentences.Length]).Append(i == 3 ? "\n\n" : " ");
        }

        switch (number % 4)
        {
            case 0:
                section.Append("| Reader | Position | State |\n|---|---|---|\n");
                for (var row = 1; row <= 3; row++)
                {
                    section.Append(CultureInfo.InvariantCulture, $"| {number}.{row} | {number * row * 17} | following |\n");
                }

                section.Append('\n');
                break;
            case 1:
                for (var item = 0; item < 3; item++)
                {
                    section.Append("- ").Append(Sentences[((number * 5) + item) % Sentences.Length]).Append('\n');
                }

                section.Append('\n');
                break;
            case 2:
                section
                    .Append("```csharp\n")
                    .Append(CultureInfo.InvariantCulture, $"var slice = log.Read(after: {number * 100}, max: {number * 10});\n```\n\n");
                break;
            default:
                section.Append(CultureInfo.InvariantCulture, $"$$\np_{{{number}}} = p_{{{number - 1}}} + {number}\n$$\n\n");
                break;
        }

        return section.ToString();
    }

    [GeneratedRegex(@"(\d+)\s*(kb|kib|mb|mib|kilobytes?|megabytes?)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Size();

    [GeneratedRegex(@"^\s*long\b|\blong(er)?\s+(answer|text|response|reply|story|essay|message|document|one)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Long();
}
