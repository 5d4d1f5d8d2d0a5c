namespace Parley.Server.Data.Postgres;

/// <summary>Converts text to what PostgreSQL can store: NUL and lone surrogates, which it refuses, become U+FFFD.</summary>
internal static class PostgresText
{
    public static string Storable(string text) => IsStorable(text) ? text : Replace(text);

    private static bool IsStorable(string text)
    {
        var span = text.AsSpan();
        if (span.Contains('\0'))
        {
            return false;
        }

        for (var at = span.IndexOfAnyInRange('\uD800', '\uDFFF'); at >= 0; )
        {
            if (!char.IsHighSurrogate(span[at]) || at + 1 == span.Length || !char.IsLowSurrogate(span[at + 1]))
            {
                return false;
            }

            span = span[(at + 2)..];
            at = span.IndexOfAnyInRange('\uD800', '\uDFFF');
        }

        return true;
    }

    private static string Replace(string text) => string.Create(text.Length, text, static (into, text) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                {
                    (into[i], into[i + 1]) = (text[i], text[i + 1]);
                    i++;
                }
                else
                {
                    into[i] = text[i] == '\0' || char.IsSurrogate(text[i]) ? '\uFFFD' : text[i];
                }
            }
        });
}
