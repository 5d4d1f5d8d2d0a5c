using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Providers;

/// <summary>What an upstream does in one test of <see cref="ModelProviderContract"/>.</summary>
public enum UpstreamBehaviour
{
    /// <summary>Reasoning, then text, then the usage.</summary>
    Answer,

    /// <summary>One tool call with the arguments <c>{"city":"Paris"}</c>, in more than one piece.</summary>
    ToolCall,

    /// <summary>Accepts the request and sends nothing.</summary>
    SilentFromTheStart,

    /// <summary>Sends one piece of text, then nothing.</summary>
    SilentAfterText,

    /// <summary>Refuses the key.</summary>
    Unauthorized,

    /// <summary>Refuses the request because there were too many.</summary>
    RateLimited,

    /// <summary>Sends text, then an error.</summary>
    ErrorAfterText,

    /// <summary>Sends text, then breaks the connection.</summary>
    BrokenAfterText,
}

/// <summary>
/// An upstream, the settings of a provider in front of it, and the question that makes it behave. Where it sends errors, it sends
/// back <see cref="ModelProviderContract.Secret"/>, its API key, in them.
/// </summary>
public abstract class UpstreamUnderTest : IAsyncDisposable
{
    /// <summary>The settings, as lines such as <c>Providers:x:BaseUrl=http://…</c>.</summary>
    public abstract IReadOnlyList<string> Settings { get; }

    /// <summary>The provider's name in the settings.</summary>
    public abstract string Provider { get; }

    /// <summary>The model to ask.</summary>
    public abstract string Model { get; }

    /// <summary>The question to ask.</summary>
    public virtual string Question => "hello";

    /// <summary>Ends when the upstream has noticed that the client closed the call.</summary>
    public virtual Task CallClosed => Task.CompletedTask;

    public abstract ValueTask DisposeAsync();
}

/// <summary>A limit on time that a family enforces.</summary>
/// <param name="Behaviour">What the upstream does.</param>
/// <param name="After">How long after the last content.</param>
/// <param name="Failure">How the answer ends.</param>
public sealed record ExpectedTimeout(UpstreamBehaviour Behaviour, TimeSpan After, ProviderFailure Failure);

/// <summary>A failure that a family recognises.</summary>
/// <param name="Behaviour">What the upstream does.</param>
/// <param name="Failure">How the answer ends.</param>
/// <param name="Message">Words of the sentence that people read.</param>
public sealed record ExpectedFailure(UpstreamBehaviour Behaviour, ProviderFailure Failure, string Message);

/// <summary>Settings that stop the host at start.</summary>
/// <param name="Lines">The settings; a secret in them is <see cref="ModelProviderContract.Secret"/>.</param>
/// <param name="Setting">The setting that the message names.</param>
/// <param name="WhatToType">What the message tells to type.</param>
public sealed record InvalidSettings(IReadOnlyList<string> Lines, string Setting, string WhatToType);
