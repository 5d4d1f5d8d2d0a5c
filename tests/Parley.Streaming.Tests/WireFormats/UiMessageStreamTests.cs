using System.Buffers;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>The UI message stream: the parts that a client builds, chunks that must not be sent, and messages that are continued.</summary>
public sealed class UiMessageStreamTests
{
    private static readonly GenerationInfo Info = FormatUnderTest.Info;

    [Fact]
    public async Task Write_OfAnyLog_GivesItsPartsInOrder() => await Patience.Seeds(500, random =>
        {
            var log = RandomEngineLog.Any(random);
            Assert.Equal(ExpectedAnswer.Of(log, ClientFeatures.All, Reason).ToString(), UiMessageStreamReader.Read(Write(log)).ToString());
            return Task.CompletedTask;
        });

    [Fact]
    public void Write_ATextAcrossASeam_IsOnePart()
    {
        var log = new LogBuilder()
            .Part(PartKind.Text, "It is ")
            .Add(new Seam(Seam.Adopted, "a/b"))
            .Add(new Seam(Seam.Adopted, "c/d"))
            .Open(PartKind.Text, continues: true)
            .Text("21°.")
            .Close()
            .Completed()
            .Log;
        foreach (
            var cuts in (List<long>[])
                [
                    [],
                    log.Boundaries(),
                ]
        )
        {
            var read = new UiMessageStreamReader().Take(Write(log, cuts));
            Assert.Equal("It is 21°.", Assert.Single(read.Answer.Parts).Content);
            Assert.Equal("c/d", read.Metadata.GetProperty("model").GetString());
        }
    }

    [Fact]
    public void Write_AnotherTextAcrossASeam_IsAnotherPart()
    {
        var log = new LogBuilder()
            .Part(PartKind.Reasoning, "Hm.")
            .Add(new Seam(Seam.Continued, "a/b"))
            .Part(PartKind.Reasoning, "Well.")
            .Part(PartKind.Text, "Yes.")
            .Completed()
            .Log;
        Assert.Equal(["Hm.", "Well.", "Yes."], UiMessageStreamReader.Read(Write(log)).Parts.Select(part => part.Content));
    }

    /// <summary>All results of a step come before the next step: a client looks for the call in the current step.</summary>
    [Fact]
    public void Write_TheResultsOfParallelCalls_AreOneStep()
    {
        var log = new LogBuilder()
            .Tool("call_1", "a", "{}")
            .Tool("call_2", "b", "{}")
            .Add(new ToolReturned("call_2", "2", null))
            .Add(new ToolReturned("call_1", "1", null))
            .Part(PartKind.Reasoning, "")
            .Part(PartKind.Text, "Two steps.")
            .Completed()
            .Log;
        Assert.Equal(2, new UiMessageStreamReader().Take(Write(log)).Steps);
        Assert.Equal(
            1,
            new UiMessageStreamReader()
                .Take(Write(new LogBuilder().Tool("call_1", "a", "{}").Add(new ToolReturned("call_1", "1", null)).Completed().Log))
                .Steps
        );
    }

    [Fact]
    public void Write_AResultForNoCall_IsSkipped()
    {
        var log = new LogBuilder()
            .Part(PartKind.Text, "Hm.")
            .Add(new ToolReturned("call_1", "1", null))
            .Part(PartKind.Text, "Yes.")
            .Completed()
            .Log;
        var read = new UiMessageStreamReader().Take(Write(log));
        Assert.Equal(("Hm.Yes.", 1), (read.Answer.Text, read.Steps));
    }

    [Theory]
    [InlineData("{\"city\":")]
    [InlineData("Paris")]
    [InlineData("{\"a\":\"\n\"}")]
    public void Write_ArgumentsThatAreNotJson_AreAnError(string arguments)
    {
        var log = new LogBuilder()
            .Tool("call_1", "weather", arguments)
            .Add(new ToolReturned("call_1", "1", null))
            .Part(PartKind.Text, "Sorry.")
            .Completed()
            .Log;
        var read = new UiMessageStreamReader().Take(Write(log));
        Assert.Equal((RenderedPart.BadArguments, 2), (Assert.Single(read.Answer.Calls).Outcome, read.Steps));
    }

    /// <summary>Only calls that the client has to make may wait for a result at the end.</summary>
    [Theory]
    [InlineData("tool-calls", null)]
    [InlineData("stop", "error: The answer ended before the tool returned.")]
    [InlineData("length", "error: The answer ended before the tool returned.")]
    public void Write_TheEndBeforeAResult_EndsTheCall(string reason, string? outcome)
    {
        var log = new LogBuilder().Tool("call_1", "weather", "{}").Add(new GenerationEnded(GenerationStatus.Completed, reason)).Log;
        Assert.Equal(outcome, Assert.Single(UiMessageStreamReader.Read(Write(log)).Calls).Outcome);
    }

    /// <summary>Logs close the open part before they end, but clients must not depend on that.</summary>
    [Fact]
    public void Write_TheEndWithinAPart_ClosesIt()
    {
        var error = new GenerationEnded(GenerationStatus.Failed, "error", null, new GenerationError("code", "It broke.", true));
        Assert.Equal(
            "error: It broke.",
            UiMessageStreamReader.Read(Write(new LogBuilder().Open(PartKind.Text).Text("Half").Add(error).Log)).End
        );
        Assert.Equal(
            RenderedPart.BadArguments,
            Assert
                .Single(
                    UiMessageStreamReader.Read(Write(new LogBuilder().Open(PartKind.Tool, "call_1", "a").Text("{").Add(error).Log)).Calls
                )
                .Outcome
        );
    }

    [Fact]
    public void Write_TheEndOfAGoodAnswer_HasItsMetadata()
    {
        var log = new LogBuilder().Part(PartKind.Text, "Yes.").Completed(new GenerationUsage(12, 34, 5, 6, true)).Log;
        var metadata = new UiMessageStreamReader().Take(Write(log)).Metadata;
        Assert.Equal(
            """{"finishReason":"stop","model":"demo/parley","usage":{"inputTokens":12,"outputTokens":34,"cachedInputTokens":5,"reasoningTokens":6,"estimated":true},"conversationId":"conv_1","generationId":"gen_1"}""",
            metadata.GetRawText()
        );
    }

    [Fact]
    public async Task Write_FromAnyPosition_GivesOnlyTheRestUnderTheClientsId() => await Patience.Seeds(60, random =>
        {
            var log = RandomEngineLog.Any(random);
            foreach (var from in log.Boundaries().Where(boundary => boundary < log.End && random.Next(3) == 0))
            {
                var known = ExpectedAnswer.Of(log.UpTo(from), ClientFeatures.All, _ => null).Calls.ToList();
                var expected = log.TextOf(PartKind.Text)[log.TextOf(PartKind.Text, from).Length..];
                foreach (
                    var cuts in (List<long>[])
                        [
                            [],
                            log.Boundaries(),
                            [.. log.Boundaries().Where(_ => random.Next(8) == 0)],
                        ]
                )
                {
                    var read = new UiMessageStreamReader()
                        .Knowing(known.Select(call => call.Copy()))
                        .Take(Write(log, cuts, new UiMessageStream(Info, "msg_client", from)));
                    Assert.Equal(("msg_client", expected), (read.MessageId, read.Answer.Text));
                    Assert.Equal(Reason(log.Ended!), read.Answer.End);
                }
            }

            return Task.CompletedTask;
        });

    [Fact]
    public void Write_FromWithinACall_BeginsTheCallAgain()
    {
        var log = new LogBuilder()
            .Part(PartKind.Text, "Let me look.")
            .Tool("call_1", "weather", "{\"city\":\"Bern\"}")
            .Add(new ToolReturned("call_1", "21", null))
            .Completed()
            .Log;
        var read = new UiMessageStreamReader().Take(Write(log, log.Boundaries(), new UiMessageStream(Info, "msg_client", 25)));
        Assert.Equal(
            ("call_1 weather", "{\"city\":\"Bern\"}", "result: 21"),
            (read.Answer.Parts[0].Key, read.Answer.Parts[0].Content, read.Answer.Parts[0].Outcome)
        );
        Assert.Single(read.Answer.Parts);
    }

    [Fact]
    public void Write_FromBehindACall_TakesItsResult()
    {
        var log = new LogBuilder()
            .Tool("call_1", "weather", "{}")
            .Add(new ToolReturned("call_1", "21", null))
            .Part(PartKind.Text, "21°")
            .Completed()
            .Log;
        var read = new UiMessageStreamReader()
            .Knowing([new RenderedPart("tool", "call_1 weather", "{}")])
            .Take(Write(log, [], new UiMessageStream(Info, "msg_client", 4)));
        Assert.Equal("result: 21", read.Answer.Parts[0].Outcome);
        Assert.Equal(2, read.Steps);
    }

    [Fact]
    public void Write_FromTheEndOfAStep_BeginsNoEmptyOne()
    {
        var log = new LogBuilder()
            .Tool("call_1", "weather", "{}")
            .Add(new ToolReturned("call_1", "21", null))
            .Part(PartKind.Text, "21°")
            .Completed()
            .Log;
        Assert.Equal(1, new UiMessageStreamReader().Take(Write(log, [], new UiMessageStream(Info, "msg_client", 5))).Steps);
    }

    private static string? Reason(GenerationEnded end) => end.Error is { } error ? "error: " + error.Message : end.FinishReason;

    private static byte[] Write(LogSnapshot log, List<long>? cuts = null, UiMessageStream? format = null)
    {
        format ??= new UiMessageStream(Info);
        var output = new ArrayBufferWriter<byte>();
        format.WriteStart(output);
        FormatUnderTest.WriteTo(format, log, 0, cuts ?? [], output);
        return output.WrittenSpan.ToArray();
    }
}
