using Parley.Streaming.WireFormats;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>Offsets sort as positions do, and only valid offsets are accepted.</summary>
public sealed class DurableOffsetsTests
{
    private static readonly DateTimeOffset Epoch = new(2024, 10, 9, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("-1", 0L)]
    [InlineData("now", null)]
    [InlineData("0", 0L)]
    [InlineData("42", 42L)]
    [InlineData("0000000000000042", 42L)]
    [InlineData("9999999999999999", 9_999_999_999_999_999L)]
    public void TryParse_OfAnOffset_GivesThePosition(string text, long? expected)
    {
        Assert.True(DurableOffsets.TryParse(text, out var position));
        Assert.Equal(expected, position);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-2")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1.0")]
    [InlineData("1,2")]
    [InlineData("0x1")]
    [InlineData("Now")]
    [InlineData("NOW")]
    [InlineData("12345678901234567")]
    [InlineData("٤٢")]
    [InlineData("1\0")]
    public void TryParse_OfAnythingElse_IsFalse(string? text) => Assert.False(DurableOffsets.TryParse(text, out _));

    [Fact]
    public void Format_OfPositions_SortsAsTheyDo()
    {
        long[] positions = [0, 1, 9, 10, 99, 100, 12_345, 999_999_999_999];
        var offsets = positions.Select(DurableOffsets.Format).ToArray();
        Assert.Equal(offsets, offsets.Order(StringComparer.Ordinal));
        Assert.All(offsets, offset => Assert.Matches("^[0-9]{16}$", offset));
    }

    [Theory]
    [InlineData(0, null, 0, 0)]
    [InlineData(19, null, 0, 0)]
    [InlineData(20, null, 5, 1)]
    [InlineData(86_400, null, 0, 4320)]
    [InlineData(20, 0L, 5, 1)]
    [InlineData(20, 1L, 0, 2)]
    [InlineData(20, 1L, 5, 7)]
    [InlineData(20, 50L, 5, 56)]
    [InlineData(20, 50L, -5, 51)]
    [InlineData(20, 50L, 1_000_000, 231)]
    [InlineData(-100, null, 0, 0)]
    public void Cursor_OfAnyClient_IsTheIntervalOrGreaterThanTheClients(int seconds, long? client, int jitter, long expected) =>
        Assert.Equal(expected, DurableOffsets.Cursor(Epoch.AddSeconds(seconds), client, jitter));

    [Theory]
    [InlineData("0", true)]
    [InlineData("4320", true)]
    [InlineData("999999999999999", true)]
    [InlineData("9999999999999999", false)]
    [InlineData("-1", false)]
    [InlineData("x", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void TryParseCursor_OfAnyText_AcceptsOnlyCursorsThatCanGrow(string? text, bool expected) =>
        Assert.Equal(expected, DurableOffsets.TryParseCursor(text, out _));
}
