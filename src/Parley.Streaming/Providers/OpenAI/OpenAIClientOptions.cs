namespace Parley.Streaming.Providers.OpenAI;

/// <summary>The differences between servers that speak Chat Completions.</summary>
public sealed record OpenAIClientOptions
{
    /// <summary>Ask for usage with <c>stream_options.include_usage</c>. Default true; a few servers refuse it.</summary>
    public bool IncludeUsage { get; init; } = true;

    /// <summary>Send the token limit as <c>max_completion_tokens</c>. Default false: <c>max_tokens</c>.</summary>
    public bool UseMaxCompletionTokens { get; init; }

    /// <summary>How the server is told to continue a trailing assistant message. Default <see cref="PrefixStyle.Plain"/>.</summary>
    public PrefixStyle PrefixStyle { get; init; }
}

/// <summary>How a server is told to continue a trailing assistant message instead of answering after it.</summary>
public enum PrefixStyle
{
    /// <summary>By the message alone: llama.cpp, Ollama, OpenRouter.</summary>
    Plain,

    /// <summary><c>"prefix": true</c> in the message: DeepSeek, Mistral.</summary>
    Flag,

    /// <summary><c>continue_final_message</c> and no generation prompt: vLLM, SGLang.</summary>
    ContinueFinalMessage,
}
