using System.Globalization;

namespace Parley.Bench;

/// <summary>
/// What a model's name asks of the mock provider: <c>mock[-n{tokens}][-d{ms between tokens}][-f{ms before the first}][-w{fault}[@{token}]][-s]</c>; <c>-s</c>
/// paces all answers in step instead of spreading them.
/// <list type="bullet">
/// <item>mid-stream faults (before the token named, by default the third): <c>reset</c> (RST), <c>eof</c> (closed without an end), <c>stall</c> (nothing more, ever),
/// <c>badjson</c>, <c>badutf8</c> (one broken frame, then on), <c>error</c> (an error frame, then the end), <c>big</c> (one delta of 1 MiB, then on);</item>
/// <item>faults of the end: <c>nofinish</c> (no finish reason), <c>dupfinish</c> (two);</item>
/// <item>instead of a stream: a status (<c>429</c>, <c>500</c>, …), <c>html</c>, <c>redirect</c>, <c>hang</c> (no head at all).</item>
/// </list>
/// </summary>
internal sealed record Script(string Model, int Tokens, long Delay, long First, string? Fault, int FaultAt, bool InStep)
{
    public static Script Parse(string model)
    {
        var script = new Script(model, Tokens: 20, Delay: 0, First: 0, Fault: null, FaultAt: 3, InStep: false);
        foreach (var part in model[(model.LastIndexOf('/') + 1)..].Split('-').Skip(1))
        {
            script = part switch
            {
                ['n', .. var n] when Number(n, out var tokens) => script with { Tokens = tokens },
                ['d', .. var d] when Number(d, out var delay) => script with { Delay = delay * Clock.Millisecond },
                ['f', .. var f] when Number(f, out var first) => script with { First = first * Clock.Millisecond },
                "s" => script with { InStep = true },
                ['w', .. var fault] => script.With(fault.Split('@')),
                _ => script,
            };
        }

        return script;
    }

    private Script With(string[] fault) =>
        this with
        {
            Fault = fault[0],
            FaultAt = fault.Length > 1 && Number(fault[1], out var at) ? at : FaultAt,
        };

    private static bool Number(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
