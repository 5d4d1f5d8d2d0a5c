using System.Buffers;
using System.Text;
using Parley.Streaming.Generations;
using Parley.Streaming.Providers;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Streaming.Tests.WireFormats.OpenAI;

public sealed class OpenAIErrorsTests
{
    [Theory]
    [InlineData("provider_rate_limited", 429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_exceeded")]
    [InlineData("provider_out_of_credit", 429, "insufficient_quota", "insufficient_quota", "server_error")]
    [InlineData("provider_context_too_long", 400, "invalid_request_error", "context_length_exceeded", "invalid_prompt")]
    [InlineData("provider_refused", 400, "invalid_request_error", "provider_refused", "invalid_prompt")]
    [InlineData("provider_blocked", 400, "invalid_request_error", "content_filter", "invalid_prompt")]
    [InlineData("provider_model_not_found", 404, "not_found", "model_not_found", "server_error")]
    [InlineData("provider_unavailable", 503, "service_unavailable_error", "server_is_overloaded", "server_error")]
    [InlineData("provider_unauthorized", 500, "server_error", "provider_unauthorized", "server_error")]
    [InlineData("empty_answer", 500, "server_error", "empty_answer", "server_error")]
    [InlineData("interrupted", 500, "server_error", "interrupted", "server_error")]
    public void OfGeneration_OfACode_IsInOpenAIsTerms(string code, int status, string type, string expected, string responseCode)
    {
        Assert.Equal(new OpenAIError(status, type, expected), OpenAIErrors.OfGeneration(code));
        Assert.Equal(responseCode, OpenAIErrors.ResponseCode(code));
    }

    [Fact]
    public void OfGeneration_OfEveryProviderFailure_IsNeverTheClientsKey()
    {
        foreach (var failure in Enum.GetValues<ProviderFailure>())
        {
            Assert.NotEqual("invalid_api_key", OpenAIErrors.OfGeneration(FailureCodes.Of(failure)).Code);
        }
    }

    [Theory]
    [InlineData(400, "invalid_request_error", null)]
    [InlineData(401, "invalid_request_error", "invalid_api_key")]
    [InlineData(402, "insufficient_quota", "insufficient_quota")]
    [InlineData(403, "permission_error", null)]
    [InlineData(404, "not_found", null)]
    [InlineData(409, "invalid_request_error", null)]
    [InlineData(413, "invalid_request_error", null)]
    [InlineData(422, "invalid_request_error", null)]
    [InlineData(429, "rate_limit_error", "rate_limit_exceeded")]
    [InlineData(500, "server_error", null)]
    [InlineData(502, "server_error", null)]
    [InlineData(503, "service_unavailable_error", "server_is_overloaded")]
    public void OfStatus_OfAStatus_IsInOpenAIsTerms(int status, string type, string? code) =>
        Assert.Equal(new OpenAIError(status, type, code), OpenAIErrors.OfStatus(status));

    [Fact]
    public void Write_OfAnError_IsTheEnvelope()
    {
        var output = new ArrayBufferWriter<byte>();
        OpenAIErrors.Write("Say \"model\".", "invalid_request_error", "model", null, output);
        Assert.Equal(
            """{"error":{"message":"Say \"model\".","type":"invalid_request_error","param":"model","code":null}}""",
            Encoding.UTF8.GetString(output.WrittenSpan)
        );
    }

    [Theory]
    [InlineData("resp_01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("resp_01890A5DAC96774BBCCEB302099A8057", null)]
    [InlineData("resp_01890a5d-ac96-774b-bcce-b302099a8057", null)]
    [InlineData("01890a5dac96774bbcceb302099a8057", null)]
    [InlineData("resp_", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void GenerationOf_AnId_IsTheOneThatItNames(string? id, string? generation)
    {
        Assert.Equal(generation, OpenAIIds.GenerationOf(id));
        if (generation is not null)
        {
            Assert.Equal(id, OpenAIIds.OfResponse(OpenAILogs.Info with { GenerationId = generation }));
        }
    }
}
