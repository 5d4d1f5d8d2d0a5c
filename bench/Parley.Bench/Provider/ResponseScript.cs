using System.Globalization;

namespace Parley.Bench;

/// <summary>
/// The response that a model name requests from the mock provider: <c>mock[-n{tokens}][-d{ms between tokens}][-f{ms before the first
/// token}][-w{fault}[@{token}]][-s]</c>. <c>-s</c> sends the tokens of all responses at the same time instead of spreading them over the
/// delay.
/// <list type="bullet">
/// <item>Faults within the stream, before the given token (default: the fourth, number 3): <c>reset</c> (RST), <c>eof</c> (closed without
/// an end),
/// <c>stall</c> (no further bytes), <c>badjson</c> and <c>badutf8</c> (one invalid event, then the rest), <c>error</c> (an error event,
/// then the end),
/// <c>big</c> (one delta of 1 MiB, then the rest).</item>
/// <item>Faults at the end: <c>nofinish</c> (no finish reason), <c>dupfinish</c> (two).</item>
/// <item>Instead of a stream: a status (<c>429</c>, <c>500</c>, …), <c>html</c>, <c>redirect</c>, <c>hang</c> (no response head).</item>
/// </list>
/// </summary>
internal sealed record ResponseScript(string Model, int Tokens, long Delay, long FirstDelay, string? Fault, int FaultAt, bool InStep)
{
    public static ResponseScript Parse(string model)
    {
        var script = new ResponseScript(model, Tokens: 20, Delay: 0, FirstDelay: 0, Fault: null, FaultAt: 3, InStep: false);
        foreach (var part in model[(model.LastIndexOf('/') + 1)..].Split('-').Skip(1))
        {
            script = part switch
            {
                ['n', .. var n] when Number(n, out var tokens) => script with { Tokens = tokens },
                ['d', .. var d] when Number(d, out var delay) => script with { Delay = delay * Clock.Millisecond },
                ['f', .. var f] when Number(f, out var first) => script with { FirstDelay = first * Clock.Millisecond },
                "s" => script with { InStep = true },
                ['w', .. var fault] => script.WithFault(fault.Split('@')),
                _ => script,
            };
        }

        return script;
    }

    private ResponseScript WithFault(string[] fault) =>
        this with
        {
            Fault = fault[0],
            FaultAt = fault.Length > 1 && Number(fault[1], out var at) ? at : FaultAt,
        };

    private static bool Number(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
