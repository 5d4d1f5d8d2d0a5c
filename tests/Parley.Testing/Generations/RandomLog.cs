using System.Text;
using Parley.Streaming.Generations;

namespace Parley.Testing.Generations;

/// <summary>Random logs: parts of all kinds, seams, tool results, and difficult Unicode text.</summary>
public static class RandomLog
{
    private static readonly string[] Pieces =
    [
        "a",
        "Hello",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\"",
        "\\",
        "</script>",
        "&",
        "{\"a\":1}",
        "data: x\n\n",
        "id: 9\n",
        "é",
        "ß",
        "\u00a0",
        "\u0301",
        "e\u0301\u0323",
        "\u200d",
        "\ufe0f",
        "漢字",
        "한국어",
        "ह्ल",
        "\u2028",
        "\u2029",
        "\u0085",
        "\ufeff",
        "\ufffd",
        "\uffff",
        "😀",
        "👨‍👩‍👧‍👦",
        "🏳️‍🌈",
        "𝔘𝔫𝔦",
        "𠜎",
        "\U0010ffff",
        "\u0001",
        "\u001f",
        "\u007f",
        "العربية",
        "``" + "`",
    ];

    public static string Text(Random random, int max = 12)
    {
        var text = new StringBuilder();
        for (var i = random.Next(max + 1); i > 0; i--)
        {
            text.Append(Piece(random));
        }

        return text.ToString();
    }

    public static string Piece(Random random)
    {
        if (random.Next(4) > 0)
        {
            return Pieces[random.Next(Pieces.Length)];
        }

        while (true)
        {
            var scalar = random.Next(1, 0x110000);
            if (Rune.IsValid(scalar))
            {
                return new Rune(scalar).ToString();
            }
        }
    }

    /// <summary>Appends an entry or text that may follow what is there.</summary>
    public static void Extend(LogBuilder log, Random random, ref PartOpened? open)
    {
        if (open is not null)
        {
            if (random.Next(3) > 0)
            {
                log.Text(Text(random));
            }
            else
            {
                Close(log, ref open);
            }

            return;
        }

        switch (random.Next(8))
        {
            case 0:
                log.Add(
                    new ToolReturned($"call_{random.Next(3)}", random.Next(2) == 0 ? null : Json(random), "It failed: " + Text(random, 2))
                        is var result
                    && result.Result is null
                        ? result
                        : result with
                        {
                            Error = null,
                        }
                );
                break;
            case 1:
                log.Add(new Seam(random.Next(2) == 0 ? Seam.Adopted : Seam.Continued, "demo/" + Text(random, 1)));
                break;
            default:
                var kind = (PartKind)random.Next(6);
                open =
                    kind == PartKind.Tool
                        ? new PartOpened(kind, "call_\"" + random.Next(3), "tool " + Text(random, 1))
                        : new PartOpened(kind, Continues: random.Next(4) == 0);
                log.Add(open);
                break;
        }
    }

    public static void Close(LogBuilder log, ref PartOpened? open)
    {
        if (open is null)
        {
            return;
        }

        log.Close();
        open = null;
    }

    public static LogSnapshot Next(Random random, bool ended = true)
    {
        var log = new LogBuilder();
        PartOpened? open = null;
        for (var entries = random.Next(30); entries > 0; entries--)
        {
            Extend(log, random, ref open);
        }

        if (!ended)
        {
            return log.Log;
        }

        Close(log, ref open);
        log.Add(End(random, log.End));
        return log.Log;
    }

    public static GenerationEnded End(Random random, long end)
    {
        var usage =
            random.Next(2) == 0
                ? null
                : new GenerationUsage(
                    random.Next(3),
                    random.Next(100),
                    random.Next(2) == 0 ? null : random.Next(2),
                    random.Next(2) == 0 ? null : 7,
                    random.Next(2) == 0 ? null : random.Next(2) == 0
                );
        return random.Next(4) switch
        {
            0 => new GenerationEnded(GenerationStatus.Completed, "stop", usage),
            1 => new GenerationEnded(
                GenerationStatus.Stopped,
                "stopped",
                usage,
                StoppedAt: random.Next(2) == 0 ? null : random.NextInt64(end + 1)
            ),
            2 => new GenerationEnded(
                GenerationStatus.Failed,
                "error",
                usage,
                new GenerationError("provider_reset", "It broke. " + Text(random, 3), random.Next(2) == 0)
            ),
            _ => new GenerationEnded(
                GenerationStatus.Interrupted,
                "error",
                Error: new GenerationError("interrupted", "It was interrupted.", true)
            ),
        };
    }

    /// <summary>A tool's result: valid JSON in any layout.</summary>
    private static string Json(Random random) =>
        random.Next(4) switch
        {
            0 => "null",
            1 => System.Text.Json.JsonSerializer.Serialize(Text(random)),
            2 => "{\n  \"text\": " + System.Text.Json.JsonSerializer.Serialize(Text(random)) + ",\r\n\t\"list\": [1, 2.50, -1e3]\n}",
            _ => "[true]",
        };
}
