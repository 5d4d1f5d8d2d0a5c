using System.Text;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Tests.Providers.Updates;

public sealed class TextNormalizerTests
{
    [Theory]
    [InlineData(@"Grüße, 漢字 🙂", "Grüße, 漢字 🙂")]
    [InlineData(@"a\nb\t\""\\\/\r\b\f", "a\nb\t\"\\/\r\b\f")]
    [InlineData(@"\u00fc\ud83d\ude42", "ü🙂")]
    [InlineData(@"a\u0000b", "a\uFFFDb")]
    [InlineData(@"a\ud83db", "a\uFFFDb")]
    [InlineData(@"a\ude42b", "a\uFFFDb")]
    [InlineData(@"\ud83d\ud83d\ude42", "\uFFFD🙂")]
    [InlineData(@"\ud83d\n", "\uFFFD\n")]
    [InlineData(@"end\ud83d", "end\uFFFD")]
    public void Normalizer_OneDelta_GivesTextThatCanBeStored(string json, string expected) =>
        Assert.Equal(expected, Normalize(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Normalizer_InvalidBytes_BecomeReplacements()
    {
        Assert.Equal("a\uFFFDb", Normalize([(byte)'a', 0xFF, (byte)'b']));
        Assert.Equal("a\uFFFD\n", Normalize([(byte)'a', 0xE6, 0xBC, (byte)'\\', (byte)'n']));
        Assert.Equal("\uFFFD\uFFFD\uFFFD", Normalize([0xED, 0xA0, 0xBD]));
    }

    [Fact]
    public void Normalizer_PairCutOverTwoDeltas_IsJoined()
    {
        var normalizer = new TextNormalizer();

        Assert.Equal("a", normalizer.Append(@"a\ud83d"u8, escaped: true));
        Assert.Equal("🙂b", normalizer.Append(@"\ude42b"u8, escaped: true));
        Assert.Null(normalizer.Flush());
    }

    [Fact]
    public void Normalizer_OtherHalfNeverComes_GivesOneReplacement()
    {
        var normalizer = new TextNormalizer();

        Assert.Null(normalizer.Append(@"\ud83d"u8, escaped: true));
        Assert.Null(normalizer.Append(""u8, escaped: false));
        Assert.Equal("\uFFFDplain", normalizer.Append("plain"u8, escaped: false));
    }

    [Fact]
    public void Normalizer_EscapesCutAnywhere_JoinToTheWhole()
    {
        const string text = "Grüße 🙂\n\"漢\" 👩‍💻 \\ end";
        string[] units = [.. text.Select(c => $"\\u{(int)c:x4}")];
        for (var cut = 0; cut <= units.Length; cut++)
        {
            var normalizer = new TextNormalizer();
            var first = normalizer.Append(Encoding.UTF8.GetBytes(string.Concat(units[..cut])), escaped: true);
            var second = normalizer.Append(Encoding.UTF8.GetBytes(string.Concat(units[cut..])), escaped: true);

            Assert.Equal(text, first + second + normalizer.Flush());
            Assert.False(first is { Length: > 0 } && char.IsHighSurrogate(first[^1]));
        }
    }

    [Fact]
    public void Normalizer_GiantDelta_IsWhole()
    {
        var giant = string.Concat(Enumerable.Repeat("ü\\n", 500_000));

        Assert.Equal(giant.Replace("\\n", "\n", StringComparison.Ordinal), Normalize(Encoding.UTF8.GetBytes(giant)));
    }

    private static string Normalize(byte[] json)
    {
        var normalizer = new TextNormalizer();
        return normalizer.Append(json, json.Contains((byte)'\\')) + normalizer.Flush();
    }
}
