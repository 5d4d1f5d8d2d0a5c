namespace Parley.Streaming.Providers.OpenAI;

/// <summary>What differs between the servers that speak Chat Completions.</summary>
public sealed record OpenAIClientOptions
{
    /// <summary>Ask for usage with <c>stream_options.include_usage</c>. Default true; a few servers refuse it.</summary>
    public bool IncludeUsage { get; init; } = true;

    /// <summary>Send the token limit as <c>max_completion_tokens</c>, which OpenAI's newer models require. Default false: <c>max_tokens</c>.</summary>
    public bool UseMaxCompletionTokens { get; init; }

    /// <summary>How a trailing assistant message says "continue this". Default: by being the last message.</summary>
    public PrefixStyle PrefixStyle { get; init; }
}

/// <summary>How a server is told to continue a trailing assistant message instead of answering after it.</summary>
public enum PrefixStyle
{
    /// <summary>Nothing more than the message itself: llama.cpp, Ollama, OpenRouter.</summary>
    Plain,

    /// <summary><c>"prefix": true</c> in the message: DeepSeek, Mistral.</summary>
    Flag,

    /// <summary><c>continue_final_message</c> and no generation prompt: vLLM, SGLang.</summary>
    ContinueFinalMessage,
}
