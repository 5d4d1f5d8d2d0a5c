using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Streaming.Tests.WireFormats.OpenAI;

/// <summary>A later request may refer to the items of an earlier Response by their ids.</summary>
public sealed class OpenAIItemsTests
{
    private const string Generation = "01890a5d-ac96-774b-bcce-b302099a8057";

    [Fact]
    public void Id_OfEachItemOfAResponse_FindsWhatTheItemHolds()
    {
        var log = OpenAILogs.Tool;
        var info = OpenAILogs.Info;
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        ResponseObject.Write(info, log, OpenAILogs.Request, output);
        var items = JsonElement.Parse(output.WrittenSpan).GetProperty("output").EnumerateArray().ToList();
        Assert.True(items.Count >= 3);
        foreach (var item in items)
        {
            Assert.True(OpenAIItems.TryParse(item.GetProperty("id").GetString()!, out var generation, out var position));
            Assert.Equal(info.GenerationId, generation);
            var content = Assert.Single(OpenAIItems.ContentsAt(log, position)!);
            switch (item.GetProperty("type").GetString())
            {
                case "message":
                    Assert.Equal(item.GetProperty("content")[0].GetProperty("text").GetString(), Assert.IsType<TextContent>(content).Text);
                    break;
                case "reasoning":
                    Assert.Equal(
                        item.GetProperty("content")[0].GetProperty("text").GetString(),
                        Assert.IsType<TextReasoningContent>(content).Text
                    );
                    break;
                default:
                    Assert.Equal(item.GetProperty("call_id").GetString(), Assert.IsType<FunctionCallContent>(content).CallId);
                    break;
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("msg_1")]
    [InlineData("msg_01890a5dac96774bbcceb302099a8057")]
    [InlineData("msg_01890a5dac96774bbcceb302099a8057_-1")]
    [InlineData("msg_01890a5dac96774bbcceb302099a8057_0_0")]
    [InlineData("xx_01890a5dac96774bbcceb302099a8057_0")]
    public void Id_OfNoItem_IsNone(string id) => Assert.False(OpenAIItems.TryParse(id, out _, out _));

    [Fact]
    public void Position_InsideAPart_BeginsNone()
    {
        var log = OpenAILogs.Plain;
        Assert.Null(OpenAIItems.ContentsAt(log, 1));
        Assert.Null(OpenAIItems.ContentsAt(log, log.End));
    }
}
