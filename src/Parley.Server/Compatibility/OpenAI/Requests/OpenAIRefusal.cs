namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>Why a request is refused: fields of OpenAI's error envelope with the type <c>invalid_request_error</c>.</summary>
/// <param name="Message">A sentence that tells what to change.</param>
/// <param name="Param">The path in the request.</param>
/// <param name="Code">The error code.</param>
public sealed record OpenAIRefusal(string Message, string? Param, string? Code);
