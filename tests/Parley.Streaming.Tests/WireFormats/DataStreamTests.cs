using System.Text;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>The data stream of AI SDK 4, and that of AI SDK 3, which leaves out the lines at which its client fails.</summary>
public sealed class DataStreamTests
{
    private static readonly FormatUnderTest Four = FormatUnderTest.Of("data-stream"),
        Three = FormatUnderTest.Of("data-stream-3");

    [Fact]
    public async Task Write_ForAiSdk3_HasNoOtherLinesThanForAiSdk4() => await Patience.Seeds(200, random =>
        {
            var log = RandomEngineLog.Any(random);
            string[] left = [.. Lines(Four, log).Where(line => line[0] is not ('f' or 'g' or 'h'))];
            Assert.Equal(left.Where(line => line[0] != 'e'), Lines(Three, log).Where(line => line[0] != 'e'));
            return Task.CompletedTask;
        });

    /// <summary>To a client of AI SDK 3.4, a result for a call of an earlier step is an error.</summary>
    [Fact]
    public async Task Write_AnyResult_IsInTheStepOfItsCall() => await Patience.Seeds(300, random =>
        {
            HashSet<string> calls = [];
            foreach (var line in Lines(Three, RandomEngineLog.Any(random)))
            {
                if (line[0] == 'e')
                {
                    calls.Clear();
                }

                if (line[0] == '9')
                {
                    calls.Add(EventFrames.Json(line[2..]).GetProperty("toolCallId").GetString()!);
                }

                if (line[0] == 'a')
                {
                    Assert.Contains(EventFrames.Json(line[2..]).GetProperty("toolCallId").GetString()!, calls);
                }
            }

            return Task.CompletedTask;
        });

    [Theory]
    [InlineData("", "{}")]
    [InlineData(" \n", "{}")]
    [InlineData("{ \"city\":\r\n\"Bern\" }", "{ \"city\":  \"Bern\" }")]
    [InlineData("{\"city\":\"Be", "{\"raw\":\"{\\\"city\\\":\\\"Be\"}")]
    [InlineData("[1]", "{\"raw\":\"[1]\"}")]
    [InlineData("null", "{\"raw\":\"null\"}")]
    public void Write_Arguments_AreAnObject(string arguments, string expected)
    {
        var log = new LogBuilder().Tool("call_1", "weather", arguments).Log;
        Assert.Equal("9:{\"toolCallId\":\"call_1\",\"toolName\":\"weather\",\"args\":" + expected + "}", Lines(Four, log)[^1]);
    }

    [Theory]
    [InlineData("stop", "stop")]
    [InlineData("length", "length")]
    [InlineData("content-filter", "content-filter")]
    [InlineData("tool-calls", "tool-calls")]
    [InlineData("stopped", "other")]
    [InlineData("something new", "other")]
    public void Write_FinishReason_IsOneThatTheClientKnows(string reason, string expected)
    {
        var lines = Lines(
            Four,
            new LogBuilder()
                .Part(PartKind.Text, "Yes.")
                .Add(new GenerationEnded(GenerationStatus.Completed, reason, new GenerationUsage(12, 34)))
                .Log
        );
        Assert.Equal(
            "e:{\"finishReason\":\"" + expected + "\",\"usage\":{\"promptTokens\":12,\"completionTokens\":34},\"isContinued\":false}",
            lines[^2]
        );
        Assert.Equal("d:{\"finishReason\":\"" + expected + "\",\"usage\":{\"promptTokens\":12,\"completionTokens\":34}}", lines[^1]);
    }

    [Fact]
    public void Write_UsageThatIsNotKnown_IsNull()
    {
        var lines = Lines(Four, new LogBuilder().Part(PartKind.Text, "Yes.").Completed().Log);
        Assert.Equal("d:{\"finishReason\":\"stop\",\"usage\":{\"promptTokens\":null,\"completionTokens\":null}}", lines[^1]);
    }

    [Fact]
    public void Write_TheNextStep_HasTheSameMessageId()
    {
        var log = new LogBuilder()
            .Tool("call_1", "weather", "{}")
            .Add(new ToolReturned("call_1", "21", null))
            .Part(PartKind.Text, "21°")
            .Completed()
            .Log;
        Assert.Equal(["f", "b", "c", "9", "a", "e", "f", "0", "e", "d"], Lines(Four, log).Select(line => line[..1]));
        Assert.Equal(["f:{\"messageId\":\"msg_1\"}"], Lines(Four, log).Where(line => line[0] == 'f').Distinct());
    }

    [Fact]
    public void Write_TheEndBeforeAResult_EndsTheCall()
    {
        var log = new LogBuilder().Tool("call_1", "weather", "{}").Add(new GenerationEnded(GenerationStatus.Stopped, "stopped")).Log;
        Assert.Equal(
            "a:{\"toolCallId\":\"call_1\",\"result\":{\"error\":\"The answer ended before the tool returned.\"}}",
            Lines(Four, log)[^3]
        );
    }

    private static string[] Lines(FormatUnderTest format, LogSnapshot log) =>
        Encoding.UTF8.GetString(format.Write(log)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
