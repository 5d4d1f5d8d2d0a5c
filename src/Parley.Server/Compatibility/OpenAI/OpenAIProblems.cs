using System.Buffers;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.Http.Errors;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>Creates the responses of the OpenAI API's routes.</summary>
internal static class OpenAIProblems
{
    public static Problem Of(OpenAIRefusal refusal) =>
        new(StatusCodes.Status400BadRequest, refusal.Code ?? OpenAIErrorCodes.InvalidRequest, refusal.Message, refusal.Param);

    /// <summary>A response with an object that the engine writes.</summary>
    public static IResult Json(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        write(output);
        return Results.Bytes(output.WrittenMemory, "application/json; charset=utf-8");
    }
}
