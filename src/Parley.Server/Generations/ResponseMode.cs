using Parley.Server.Data;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>How the response to a request that starts a generation is written.</summary>
public abstract record ResponseMode
{
    /// <summary>As a stream in a wire format, until the generation ends.</summary>
    /// <param name="Format">Creates the format for this response.</param>
    public sealed record Streaming(Func<StreamStart, WireFormat> Format) : ResponseMode
    {
        /// <summary>The position that the stream starts at, for a client that already has the text before it.</summary>
        public Func<StreamStart, long> From { get; init; } = static _ => 0;

        /// <summary>
        /// How long to wait for the model before the status is sent: a model that refuses at once (with 429, for example) then becomes an
        /// HTTP status, which clients handle better than a failed stream. Zero: no wait.
        /// </summary>
        public TimeSpan RefusalWait { get; init; }

        /// <summary>
        /// Only a rate limit of the model becomes a status; other failures are sent in the stream, as some clients show an error body
        /// unparsed.
        /// </summary>
        public bool OnlyRateLimits { get; init; }

        /// <summary>The response when another request has already started the generation; null to follow that generation.</summary>
        public IResult? WhenAttached { get; init; }
    }

    /// <summary>As one JSON object, once the generation has ended.</summary>
    /// <param name="Write">Writes the completed answer.</param>
    public sealed record Json(Func<GenerationInfo, LogSnapshot, IResult> Write) : ResponseMode;

    /// <summary>Immediately; the client polls for the answer.</summary>
    /// <param name="Write">Writes the current state.</param>
    public sealed record Background(Func<GenerationInfo, Task<IResult>> Write) : ResponseMode;

    public static Streaming Streamed(Func<GenerationInfo, WireFormat> format) => new(start => format(start.Info));

    /// <summary>A stream for chat clients in a browser.</summary>
    public static Streaming ForChat(Func<GenerationInfo, WireFormat> format) =>
        Streamed(format) with
        {
            RefusalWait = TimeSpan.FromMilliseconds(100),
            OnlyRateLimits = true,
        };

    /// <summary>Parley's native stream or native JSON object.</summary>
    public static ResponseMode Native(bool streamed) =>
        streamed ? Streamed(static info => new NativeEvents(info)) : new Json(WholeAnswer.Native);
}

/// <summary>What a stream is started with.</summary>
/// <param name="Info">The generation.</param>
/// <param name="MessageName">The client's name for the answer, if it has one.</param>
/// <param name="Continues">The answer that this request's generation continues; null otherwise, and for a request that only
/// attaches.</param>
public sealed record StreamStart(GenerationInfo Info, string? MessageName, ContinuedAnswer? Continues);
