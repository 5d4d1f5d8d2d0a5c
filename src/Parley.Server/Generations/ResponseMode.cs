using Parley.Server.Data;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>How the response to a request that starts a generation is written.</summary>
public abstract record ResponseMode
{
    /// <summary>As a stream in a wire format, which lasts until the generation ends.</summary>
    /// <param name="Format">Makes the format for this reader.</param>
    public sealed record Streaming(Func<StreamStart, WireFormat> Format) : ResponseMode
    {
        /// <summary>The position that the stream begins at, for a client that has what comes before.</summary>
        public Func<StreamStart, long> From { get; init; } = static _ => 0;

        /// <summary>
        /// How long the response's status waits for the model: when it refuses at once (too many requests, say), the client gets that as a status, which it knows how to
        /// handle, and not as the end of a stream. Zero: not at all.
        /// </summary>
        public TimeSpan RefusalWait { get; init; }

        /// <summary>Only a rate limit of the model becomes a status; clients that show a status's body as it is get everything else in the stream.</summary>
        public bool OnlyRateLimits { get; init; }

        /// <summary>The response to a request that finds the generation started by another one; null to follow that generation.</summary>
        public IResult? WhenAttached { get; init; }
    }

    /// <summary>As one JSON object, once the generation has ended.</summary>
    /// <param name="Write">Writes the whole answer.</param>
    public sealed record Json(Func<GenerationInfo, LogSnapshot, IResult> Write) : ResponseMode;

    /// <summary>At once: the client comes back for the answer.</summary>
    /// <param name="Write">Writes what there is.</param>
    public sealed record Background(Func<GenerationInfo, Task<IResult>> Write) : ResponseMode;

    public static Streaming Streamed(Func<GenerationInfo, WireFormat> format) => new(start => format(start.Info));

    /// <summary>A stream for chat clients in a browser.</summary>
    public static Streaming ForChat(Func<GenerationInfo, WireFormat> format) =>
        Streamed(format) with
        {
            RefusalWait = TimeSpan.FromMilliseconds(100),
            OnlyRateLimits = true,
        };

    /// <summary>Parley's own stream, or its own JSON object.</summary>
    public static ResponseMode Native(bool streamed) =>
        streamed ? Streamed(static info => new NativeEvents(info)) : new Json(WholeAnswer.Native);
}

/// <summary>What a stream begins with.</summary>
/// <param name="Info">The generation.</param>
/// <param name="MessageName">The client's name for the answer, if it has one.</param>
/// <param name="Continues">The answer that it continues; null for another one, and for a request that follows a generation which was started before.</param>
public sealed record StreamStart(GenerationInfo Info, string? MessageName, ContinuedAnswer? Continues);
