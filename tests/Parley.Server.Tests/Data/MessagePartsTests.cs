using Parley.Server.Data;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Data;

public sealed class MessagePartsTests
{
    [Fact]
    public async Task Unfold_OfAnyFoldedLog_IsThatLog() => await Patience.Seeds(2000, random =>
        {
            var log = RandomLog.Next(random, ended: random.Next(10) > 0);
            var (content, parts) = MessageParts.Fold(log);
            LogCuts.AssertSame(log, MessageParts.Unfold(content, parts));
            Assert.Equal(log.TextOf(PartKind.Text), content);
            Assert.Equal(log.Boundaries(), MessageParts.Unfold(content, parts).Boundaries());
            return Task.CompletedTask;
        });

    [Fact]
    public void Unfold_OfEveryScalarValue_IsUnchanged()
    {
        foreach (var kind in Enum.GetValues<PartKind>())
        {
            var log = new LogBuilder().Open(kind);
            for (var scalar = 1; scalar < 0x110000; scalar += scalar < 0x3000 ? 1 : 61)
            {
                if (System.Text.Rune.IsValid(scalar))
                {
                    log.Text(new System.Text.Rune(scalar).ToString());
                }
            }

            var whole = log.Close().Completed().Log;
            var (content, parts) = MessageParts.Fold(whole);
            LogCuts.AssertSame(whole, MessageParts.Unfold(content, parts));
        }
    }

    [Fact]
    public void Unfold_WithoutParts_IsOneTextPart()
    {
        LogCuts.AssertSame(new LogBuilder().Part(PartKind.Text, "Grüße 😀").Log, MessageParts.Unfold("Grüße 😀", null));
        LogCuts.AssertSame(new LogBuilder().Part(PartKind.Text, "").Log, MessageParts.Unfold("", null));
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("a\0\0é\0")]
    [InlineData("before \0after")]
    public void Fold_OfNul_LeavesItOutOfTheContentAndKeepsIt(string text)
    {
        var log = new LogBuilder().Part(PartKind.Text, text).Part(PartKind.Reasoning, text).Completed().Log;
        var (content, parts) = MessageParts.Fold(log);
        Assert.Equal(text.Replace("\0", "", StringComparison.Ordinal), content);
        Assert.DoesNotContain('\0', parts);
        LogCuts.AssertSame(log, MessageParts.Unfold(content, parts));
    }

    [Fact]
    public void Fold_OfAnEmptyLog_IsEmpty()
    {
        var (content, parts) = MessageParts.Fold(LogSnapshot.Empty);
        Assert.Equal(("", "[]"), (content, parts));
        LogCuts.AssertSame(LogSnapshot.Empty, MessageParts.Unfold(content, parts));
    }

    [Fact]
    public void Fold_OfAKnownLog_IsWhatIsStored()
    {
        // Databases hold this: another form needs a migration.
        var log = new LogBuilder()
            .Part(PartKind.Reasoning, "Hm.")
            .Open(PartKind.Text)
            .Text("Hé")
            .Close()
            .Add(new Seam(Seam.Adopted, "demo/parley"))
            .Tool("c1", "now", "{}")
            .Add(new ToolReturned("c1", "\"12:00\"", null))
            .Completed(new GenerationUsage(1, 2))
            .Log;
        var (content, parts) = MessageParts.Fold(log);
        Assert.Equal("Hé", content);
        Assert.Equal(
            """[{"kind":"open","part":"reasoning"},"Hm.",{"kind":"close"},{"kind":"open"},3,{"kind":"close"},{"kind":"seam","reason":"adopted","model":"demo/parley"},"""
                + """{"kind":"open","part":"tool","callId":"c1","name":"now"},"{}",{"kind":"close"},{"kind":"result","callId":"c1","result":"\u002212:00\u0022"},"""
                + """{"kind":"end","status":"completed","finishReason":"stop","usage":{"inputTokens":1,"outputTokens":2}}]""",
            parts.Replace("\\u0022{}\\u0022", "{}", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void UpTo_AnyBoundary_IsAPrefixWithoutTheEnd()
    {
        var log = RandomLog.Next(new Random(5));
        foreach (var at in log.Boundaries())
        {
            var prefix = log.UpTo(at);
            Assert.Null(prefix.Ended);
            Assert.Equal(Math.Min(at, log.End - 1), prefix.End);
            LogCuts.AssertIsPartOf(log, prefix.From(0));
        }
    }

    [Fact]
    public void TextOf_UpToAnyPosition_NeverCutsACharacter()
    {
        var log = new LogBuilder().Part(PartKind.Reasoning, "x").Part(PartKind.Text, "a漢😀").Part(PartKind.Text, "é!").Completed().Log;
        var whole = log.TextOf(PartKind.Text);
        Assert.Equal("a漢😀é!", whole);
        for (long at = 0; at <= log.End + 5; at++)
        {
            var text = log.TextOf(PartKind.Text, at);
            Assert.StartsWith(text, whole, StringComparison.Ordinal);
            Assert.DoesNotContain('\ufffd', text);
        }
    }

    [Fact]
    public void BoundaryAt_AnyPosition_IsTheLastOneBefore()
    {
        var log = RandomLog.Next(new Random(11));
        var boundaries = log.Boundaries();
        for (long at = -2; at <= log.End + 2; at++)
        {
            Assert.Equal(boundaries.LastOrDefault(boundary => boundary <= at), log.BoundaryAt(at));
        }
    }
}
