using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Server.Data;

/// <summary>Short forms of messages.</summary>
public static partial class MessageText
{
    private const int TitleLength = 100,
        PreviewLength = 160,
        PreviewSource = 2000;

    /// <summary>The title of a conversation: the first 100 characters of its first message, on one line.</summary>
    public static string Title(string message)
    {
        var title = Shorten(message, TitleLength);
        return title.Length > 0 ? title : "New conversation";
    }

    /// <summary>What a list shows of the last message: its beginning on one line, without the marks of markdown.</summary>
    public static string Preview(string message) =>
        Shorten(MarkdownMarks().Replace(message.Length > PreviewSource ? message[..PreviewSource] : message, ""), PreviewLength);

    [GeneratedRegex(@"\*\*|__|~~|`+|^[ \t]*(?:#{1,6}|>|[-*+]|\d{1,3}\.)[ \t]+", RegexOptions.Multiline)]
    private static partial Regex MarkdownMarks();

    /// <summary>
    /// At most so many characters as a reader counts them (a flag or a letter with marks is one), with white space folded.
    /// </summary>
    private static string Shorten(string text, int length)
    {
        var shortened = new StringBuilder();
        var elements = StringInfo.GetTextElementEnumerator(text);
        var space = false;
        for (var count = 0; count < length && elements.MoveNext(); )
        {
            var element = elements.GetTextElement();
            if (string.IsNullOrWhiteSpace(element))
            {
                space = shortened.Length > 0;
                continue;
            }

            if (space)
            {
                shortened.Append(' ');
            }

            count += space ? 2 : 1;
            space = false;
            // A "character" with a hundred combining marks is cut like any other long text.
            if (element.Length <= 32)
            {
                shortened.Append(element);
            }
            else
            {
                shortened.Append(element.EnumerateRunes().First());
            }
        }

        return shortened.ToString();
    }
}
