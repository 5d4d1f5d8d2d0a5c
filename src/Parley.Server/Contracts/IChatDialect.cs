using Parley.Server.Http.Json;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Contracts;

/// <summary>Handles the bodies of <c>POST /api/chat</c> that one kind of client sends. Each kind of body belongs to one dialect.</summary>
public interface IChatDialect
{
    /// <summary>The type that describes the body in the API document.</summary>
    RequestBodyMetadata Body { get; }

    /// <summary>Example bodies, each with the client that sends it.</summary>
    IReadOnlyList<(string Client, string Json)> Examples { get; }

    /// <summary>The kinds of body that it handles.</summary>
    IReadOnlyList<ChatBodyKind> Kinds { get; }

    /// <summary>Handles a body of one of its kinds.</summary>
    /// <param name="http">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="kind">The kind of the body.</param>
    /// <param name="format">The wire format that the request chose; null for the dialect's own.</param>
    Task<IResult> AnswerAsync(HttpContext http, RawBody body, ChatBodyKind kind, NamedWireFormat? format);
}
