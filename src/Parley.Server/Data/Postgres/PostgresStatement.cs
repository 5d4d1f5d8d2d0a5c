using System.Collections.Concurrent;
using System.Text;

namespace Parley.Server.Data.Postgres;

/// <summary>
/// A statement with PostgreSQL's parameters <c>$1</c>, <c>$2</c>, … in place of <c>@name</c>. Each text is rewritten once.
/// </summary>
internal sealed class PostgresStatement
{
    private static readonly ConcurrentDictionary<string, PostgresStatement> Known = new();

    private PostgresStatement(string text, string[] names)
    {
        (Text, Names) = (text, names);
        HasRows = text.AsSpan().TrimStart().StartsWith("SELECT", StringComparison.Ordinal);
    }

    /// <summary>The rewritten text.</summary>
    public string Text { get; }

    /// <summary>The parameter name at each position, with its <c>@</c>.</summary>
    public string[] Names { get; }

    /// <summary>Whether it is a SELECT. Changes with RETURNING do not count.</summary>
    public bool HasRows { get; }

    public static PostgresStatement Of(string sql) => Known.GetOrAdd(sql, static sql => Rewrite(sql));

    private static PostgresStatement Rewrite(string sql)
    {
        var text = new StringBuilder(sql.Length);
        List<string> names = [];
        for (var at = 0; at < sql.Length; )
        {
            var next = sql[at];
            if (next is '\'' or '"')
            {
                var end = sql.IndexOf(next, at + 1) + 1;
                text.Append(sql, at, end - at);
                at = end;
            }
            else if (next == '@' && at + 1 < sql.Length && char.IsAsciiLetter(sql[at + 1]))
            {
                var end = at + 1;
                while (end < sql.Length && (char.IsAsciiLetterOrDigit(sql[end]) || sql[end] == '_'))
                {
                    end++;
                }

                var name = sql[at..end];
                if (!names.Contains(name))
                {
                    names.Add(name);
                }

                text.Append('$').Append(names.IndexOf(name) + 1);
                at = end;
            }
            else
            {
                text.Append(next);
                at++;
            }
        }

        return new PostgresStatement(text.ToString(), [.. names]);
    }
}
