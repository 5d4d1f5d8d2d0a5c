using System.Text.Json;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>Random logs with complete tool calls and continuations, which <see cref="RandomLog"/> rarely produces.</summary>
internal static class RandomEngineLog
{
    /// <summary>A log of this kind, or one of <see cref="RandomLog"/>.</summary>
    public static LogSnapshot Any(Random random, bool ended = true) =>
        random.Next(3) == 0 ? RandomLog.Next(random, ended) : Next(random, ended);

    public static LogSnapshot Next(Random random, bool ended = true)
    {
        var log = new LogBuilder();
        var calls = 0;
        for (var pieces = random.Next(8); pieces > 0; pieces--)
        {
            switch (random.Next(8))
            {
                case 0:
                    log.Part(PartKind.Reasoning, RandomLog.Text(random));
                    break;
                case 1 or 2:
                    Tools(log, random, ref calls);
                    break;
                case 3:
                    Continued(log, random, random.Next(3) == 0 ? PartKind.Reasoning : PartKind.Text);
                    break;
                case 4:
                    Extra(log, random);
                    break;
                default:
                    log.Part(PartKind.Text, RandomLog.Text(random));
                    break;
            }
        }

        if (!ended)
        {
            return log.Open(PartKind.Text).Text(RandomLog.Text(random)).Log;
        }

        return log.Add(
            random.Next(2) == 0
                ? RandomLog.End(random, log.End)
                : new GenerationEnded(GenerationStatus.Completed, Pick(random, "stop", "length", "content-filter", "tool-calls"))
        ).Log;
    }

    /// <summary>The calls of one step and their results, in any order; some have none.</summary>
    private static void Tools(LogBuilder log, Random random, ref int calls)
    {
        List<string> ids = [];
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            ids.Add($"call_{Pick(random, "", "\"", "é", "\u2028")}{++calls}");
            log.Tool(ids[^1], "tool_" + RandomLog.Text(random, 1), Arguments(random));
        }

        foreach (var id in ids.OrderBy(_ => random.Next()))
        {
            if (random.Next(5) == 0)
            {
                continue;
            }

            log.Add(
                random.Next(4) == 0
                    ? new ToolReturned(id, null, "It failed: " + RandomLog.Text(random, 2))
                    : new ToolReturned(id, Json(random), null)
            );
            if (random.Next(8) == 0)
            {
                log.Part(PartKind.Text, RandomLog.Text(random));
            }

            if (random.Next(8) == 0)
            {
                log.Add(new ToolReturned(id, "\"again\"", null));
            }
        }
    }

    private static void Continued(LogBuilder log, Random random, PartKind kind)
    {
        log.Part(kind, RandomLog.Text(random));
        for (var seams = random.Next(1, 3); seams > 0; seams--)
        {
            log.Add(new Seam(Pick(random, Seam.Adopted, Seam.Continued), "demo/other"));
        }

        var same = random.Next(4) > 0;
        log.Open(same ? kind : PartKind.Text, continues: same).Text(RandomLog.Text(random)).Close();
    }

    private static void Extra(LogBuilder log, Random random)
    {
        var kind = (PartKind)random.Next((int)PartKind.Source, (int)PartKind.Data + 1);
        var json = Pick(
            random,
            Json(random),
            "{\"url\":\"https://example.com/" + random.Next(9) + "\",\n\"title\":" + JsonSerializer.Serialize(RandomLog.Text(random)) + "}",
            "{\"url\":\"data:,x\",\"mediaType\":\"text/plain\"}",
            "{",
            "{\"url\":7}"
        );
        log.Open(kind, name: kind == PartKind.Data ? "weather" : null).Text(json).Close();
    }

    private static string Arguments(Random random) =>
        random.Next(6) switch
        {
            0 => "",
            1 => " \r\n ",
            2 => Json(random),
            3 => "{\"city\":" + JsonSerializer.Serialize(RandomLog.Text(random)),
            4 => RandomLog.Text(random),
            _ => "{\r\n  \"city\": " + JsonSerializer.Serialize(RandomLog.Text(random)) + "\n}",
        };

    private static string Json(Random random) =>
        random.Next(5) switch
        {
            0 => "null",
            1 => JsonSerializer.Serialize(RandomLog.Text(random)),
            2 => "{\n \"text\": "
                + JsonSerializer.Serialize(RandomLog.Text(random))
                + ",\r\n\"list\": [1, 2.50, -1e3, {\"\\u2028\": \"\u2028\"}]}",
            3 => "{}",
            _ => "[true]",
        };

    private static string Pick(Random random, params ReadOnlySpan<string> choices) => choices[random.Next(choices.Length)];
}
