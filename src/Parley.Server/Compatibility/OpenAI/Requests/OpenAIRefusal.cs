using Parley.Server.Data.Model;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>Why a request is not taken: the fields of OpenAI's error envelope, whose type is <c>invalid_request_error</c>.</summary>
/// <param name="Message">A sentence that says what to change.</param>
/// <param name="Param">Where in the request.</param>
/// <param name="Code">For programs.</param>
public sealed record OpenAIRefusal(string Message, string? Param, string? Code);
