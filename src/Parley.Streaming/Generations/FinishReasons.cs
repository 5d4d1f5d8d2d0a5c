namespace Parley.Streaming.Generations;

/// <summary>Why a generation ended, as the log and the native format spell it. Clients rely on these values.</summary>
public static class FinishReasons
{
    /// <summary>The model completed the answer.</summary>
    public const string Stop = "stop";

    /// <summary>The answer reached a limit on its length.</summary>
    public const string Length = "length";

    /// <summary>A client stopped the generation.</summary>
    public const string Stopped = "stopped";

    /// <summary>The answer ends with tool calls that the client has to make.</summary>
    public const string ToolCalls = "tool-calls";

    /// <summary>The provider's content filter ended the answer.</summary>
    public const string ContentFilter = "content-filter";

    /// <summary>The generation failed or was interrupted.</summary>
    public const string Error = "error";
}
