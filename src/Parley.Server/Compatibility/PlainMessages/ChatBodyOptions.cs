namespace Parley.Server.Compatibility.PlainMessages;

/// <summary>How bodies are understood that do not say who wrote them. Section <c>Chat</c> of the configuration.</summary>
public sealed class ChatBodyOptions
{
    /// <summary>
    /// Who posts <c>{ messages }</c> with role and content alone, without <c>id</c>, <c>stream</c> or <c>temperature</c>, to <c>/api/chat</c>. Default <c>Content</c>; <c>AiSdk3</c> where the clients are <c>useChat</c> of AI SDK 3.
    /// <c>?format=</c> wins over it.
    /// </summary>
    public PlainMessagesClient PlainMessages { get; set; }
}

/// <summary>The two kinds of clients whose bodies can be the same.</summary>
public enum PlainMessagesClient
{
    /// <summary>One that reads content events.</summary>
    Content,

    /// <summary>One that reads the data stream of AI SDK 3.</summary>
    AiSdk3,
}
