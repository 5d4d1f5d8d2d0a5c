using Parley.Streaming.Providers.Demo;
using Parley.Streaming.Providers.OpenAI;

namespace Parley.Streaming.Routing;

/// <summary>One provider, <c>Providers:&lt;name&gt;</c>. The name is what stands before the slash in <c>provider/model</c>.</summary>
public sealed class ProviderOptions
{
    /// <summary>The family of its protocol. Default <c>openai</c>: Chat Completions, which most servers speak.</summary>
    public string Type { get; set; } = "openai";

    /// <summary>Where it is, up to and with the version: <c>https://api.openai.com/v1</c>. Required.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>The key. Sent to <see cref="BaseUrl"/>'s origin only. None for servers that want none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Models to offer, the first one is its default. What the provider itself lists is offered too.</summary>
    public IList<string> Models { get; } = [];

    /// <summary>Ask the provider which models it has, with <c>GET {base}/models</c>. Default true.</summary>
    public bool ListModels { get; set; } = true;

    /// <summary>The models continue a trailing assistant message, so an answer that broke off can go on. Default false.</summary>
    public bool AcceptsPrefix { get; set; }

    /// <summary>How the server is told to continue; see <see cref="Providers.OpenAI.PrefixStyle"/>. Default <c>Plain</c>.</summary>
    public PrefixStyle PrefixStyle { get; set; }

    /// <summary>Ask for token usage in the stream. Default true; set it to false where the server answers 400 to it.</summary>
    public bool IncludeUsage { get; set; } = true;

    /// <summary>Send the token limit as <c>max_completion_tokens</c>. Default: only to api.openai.com.</summary>
    public bool? UseMaxCompletionTokens { get; set; }

    /// <summary>Further headers, for example <c>OpenAI-Organization</c>.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Use the machine's proxy settings. Default false.</summary>
    public bool UseProxy { get; set; }

    /// <summary>TCP and TLS. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Until the first text, reasoning or tool call. Default 30 s; 2 minutes for Ollama, which loads a model first.</summary>
    public TimeSpan FirstTokenTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest silence inside an answer. Default 30 s.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The whole answer. Default 30 minutes.</summary>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The largest frame to accept, in bytes. Default 8 MiB, 1 KiB to 256 MiB.</summary>
    public int MaxFrameBytes { get; set; } = 8 * 1024 * 1024;
}

/// <summary>Everything that the router knows of: <c>Providers</c> and <c>Models</c> in the configuration, and the well-known environment variables.</summary>
public sealed class RoutingOptions
{
    /// <summary>By name. The order is the order in which a default model is looked for.</summary>
    public IList<KeyValuePair<string, ProviderOptions>> Providers { get; } = [];

    /// <summary><c>Providers:Demo</c>.</summary>
    public DemoOptions Demo { get; set; } = new();

    /// <summary><c>Models:Default</c>: what <c>auto</c> means. Default: the first model of the first provider.</summary>
    public string? DefaultModel { get; set; }

    /// <summary><c>Models:Aliases:&lt;alias&gt;</c>: further names, for example <c>fast</c> for <c>groq/llama-3.3-70b-versatile</c>.</summary>
    public IDictionary<string, string> Aliases { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
}
