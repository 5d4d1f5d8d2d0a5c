using System.Text;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats.OpenAI;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats.OpenAI;

/// <summary>Deltas depend on the text, and not on the slices in which it arrived.</summary>
public sealed class DeltaCutsTests
{
    [Fact]
    public async Task Next_HoweverTheTextComes_GivesTheSameDeltas() => await Patience.Seeds(300, random =>
        {
            var text = Encoding.UTF8.GetBytes(RandomLog.Text(random, 20));
            var expected = Expected(text);
            foreach (var oneIn in (int[])[1, 3, 1000])
            {
                Assert.Equal(expected, Cut(text, random, oneIn));
            }

            return Task.CompletedTask;
        });

    [Theory]
    [InlineData("a", "a")]
    [InlineData("ab", "a|b")]
    [InlineData("Hello, world!", "H|ello, w|orld!")]
    [InlineData("12345678", "1|2345678")]
    [InlineData("123456789", "1|2345678|9")]
    [InlineData("😀😀😀", "😀|😀|😀")]
    [InlineData("1234567😀89abcdefg", "1|234567😀|89abc|defg")]
    [InlineData("漢字漢字漢字", "漢|字漢|字漢字")]
    public void Next_OfKnownText_CutsAfterTheFirstCharacterAndThenAtEvery8thByte(string text, string deltas) =>
        Assert.Equal(deltas, string.Join('|', Cut(Encoding.UTF8.GetBytes(text), new Random(1), 1)));

    [Fact]
    public void Next_OfLessThanADelta_Waits()
    {
        var cuts = default(DeltaCuts);
        Assert.Equal(0, cuts.Next([]));
        Assert.Equal(1, cuts.Next("ab"u8));
        Assert.Equal(0, cuts.Next("bcdefg"u8));
        Assert.Equal(7, cuts.Next("bcdefgh"u8));
        Assert.Equal(0, cuts.Next([]));
    }

    /// <summary>The same rule, applied to the whole text at once.</summary>
    private static List<string> Expected(byte[] text)
    {
        List<int> boundaries = [.. Enumerable.Range(1, text.Length).Where(at => at == text.Length || LogSlice.IsBoundary(text[at]))];
        SortedSet<int> cuts = [];
        if (boundaries.Count > 0)
        {
            cuts.Add(boundaries[0]);
        }

        for (var step = 8; step <= text.Length; step += 8)
        {
            cuts.Add(boundaries.First(at => at >= step));
        }

        if (text.Length > 0)
        {
            cuts.Add(text.Length);
        }

        return [.. cuts.Zip(cuts.Prepend(0), (to, from) => Encoding.UTF8.GetString(text, from, to - from))];
    }

    private static List<string> Cut(byte[] text, Random random, int oneIn)
    {
        List<string> deltas = [];
        var cuts = default(DeltaCuts);
        var sent = 0;
        for (var come = 1; come <= text.Length; come++)
        {
            if (come < text.Length && (!LogSlice.IsBoundary(text[come]) || random.Next(oneIn) > 0))
            {
                continue;
            }

            while (cuts.Next(text.AsSpan(sent, come - sent)) is > 0 and var length)
            {
                deltas.Add(Encoding.UTF8.GetString(text, sent, length));
                sent += length;
            }
        }

        if (sent < text.Length)
        {
            deltas.Add(Encoding.UTF8.GetString(text, sent, text.Length - sent));
        }

        return deltas;
    }
}
