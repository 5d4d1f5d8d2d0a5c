namespace Parley.Server.Compatibility.PlainMessages;

/// <summary>How ambiguous bodies are interpreted. Configuration section <c>Chat</c>.</summary>
public sealed class ChatBodyOptions
{
    /// <summary>
    /// The kind of clients that post <c>{ messages }</c> with only role and content, without <c>id</c>, <c>stream</c> or
    /// <c>temperature</c>, to <c>/api/chat</c>. Default <c>Content</c>; <c>AiSdk3</c> for <c>useChat</c> of AI SDK 3. <c>?format=</c> takes
    /// precedence.
    /// </summary>
    public PlainMessagesClient PlainMessages { get; set; }
}

/// <summary>The two kinds of clients that send the same bodies.</summary>
public enum PlainMessagesClient
{
    /// <summary>Clients that read content events.</summary>
    Content,

    /// <summary>Clients that read the data stream of AI SDK 3.</summary>
    AiSdk3,
}
