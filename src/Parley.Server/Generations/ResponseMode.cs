using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>How the answer to a request that starts a generation is written: as a stream in a wire format, or as one JSON object once it has ended.</summary>
public sealed record ResponseMode
{
    /// <summary>Makes the stream's format; null where the answer is JSON.</summary>
    public Func<GenerationInfo, WireFormat>? Stream { get; init; }

    /// <summary>Where the stream begins, for a client that has what comes before already.</summary>
    public long From { get; init; }

    /// <summary>Writes the whole answer.</summary>
    public Func<GenerationInfo, FoldedLog, IResult>? Whole { get; init; }

    /// <summary>
    /// How long the response's status may wait for the model: when it refuses at once (too many requests, say), the client gets that as a status, which it knows how to handle, and not as the end of a stream.
    /// </summary>
    public TimeSpan PatienceForRefusal { get; init; }

    /// <summary>Only that the model has too many requests is such a status; to clients that show a status's body as it is, all else is better said in the stream.</summary>
    public bool OnlyLimitsAsStatus { get; init; }

    /// <summary>Answers at once, with neither: the client comes back for it.</summary>
    public Func<GenerationInfo, Task<IResult>>? Begun { get; init; }

    /// <summary>What a request is answered that another one was before. Without it, it is attached to what that one started.</summary>
    public IResult? WhenTaken { get; init; }

    public static ResponseMode Streamed(Func<GenerationInfo, WireFormat> format) => new() { Stream = format };

    /// <summary>For chat clients in a browser.</summary>
    public static ResponseMode ForChat(Func<GenerationInfo, WireFormat> format) =>
        new()
        {
            Stream = format,
            PatienceForRefusal = TimeSpan.FromMilliseconds(100),
            OnlyLimitsAsStatus = true,
        };

    public static ResponseMode Json(Func<GenerationInfo, FoldedLog, IResult> write) => new() { Whole = write };

    /// <summary>Parley's own two.</summary>
    public static ResponseMode Native(bool streamed) =>
        streamed ? Streamed(static info => new NativeEvents(info)) : Json(WholeAnswer.Native);
}
