using System.Runtime.InteropServices;
using System.Text;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>Cutting logs and searching their control entries, compared with a linear search.</summary>
public sealed class LogSlicingTests
{
    [Fact]
    public async Task Queries_OfAnyLogAtAnyPosition_AreThoseOfALinearSearch() => await Patience.Seeds(200, random =>
        {
            var log = RandomLog.Next(random, ended: random.Next(2) == 0);
            PositionedEntry[] entries = [.. log.Controls];
            for (long position = -1; position <= log.End + 1; position++)
            {
                Assert.Equal(entries.Count(entry => entry.Position < position), PositionedEntries.IndexAt(entries, position));
                Assert.Equal(OpenPartAt(entries, position, null), PositionedEntries.OpenPartAt(entries, position));
                var to = position + random.Next(-2, 20);
                Assert.Equal(
                    entries.Where(entry => entry.Position >= position && entry.Position < to),
                    PositionedEntries.Between(entries, position, to).ToArray()
                );
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task OpenPartAt_OfALaterPartOfTheLog_LooksAtThePartThatWasOpenBefore() => await Patience.Seeds(200, random =>
        {
            var log = RandomLog.Next(random);
            var cut = random.Next(log.Controls.Count + 1);
            PositionedEntry[] later = [.. log.Controls.Skip(cut)];
            var start = later.Length > 0 ? later[0].Position : log.End;
            for (var position = start; position <= log.End; position++)
            {
                Assert.Equal(log.OpenPartAt(position), PositionedEntries.OpenPartAt(later, position, log.OpenPartAt(start)));
            }

            return Task.CompletedTask;
        });

    [Theory]
    [InlineData("abc", 0, 2, 2)]
    [InlineData("abc", 1, 2, 3)]
    [InlineData("abc", 0, 100, 3)]
    [InlineData("abc", 0, 0, 1)]
    [InlineData("abc", 0, -5, 1)]
    [InlineData("abc", 3, 5, 3)]
    [InlineData("abc", 2, int.MaxValue, 3)]
    [InlineData("aé", 0, 2, 1)]
    [InlineData("aé", 1, 1, 3)]
    [InlineData("😀😀", 0, 1, 4)]
    [InlineData("😀😀", 0, 4, 4)]
    [InlineData("😀😀", 0, 7, 4)]
    [InlineData("😀😀", 4, 3, 8)]
    [InlineData("", 0, 10, 0)]
    public void EndOf_AnySize_IsABoundaryAndNeverEmptyBeforeTheEnd(string text, int from, int maxBytes, int end) =>
        Assert.Equal(end, LogSlice.EndOf(Encoding.UTF8.GetBytes(text), from, maxBytes));

    [Fact]
    public async Task Cut_AndAfter_JoinToTheSlice() => await Patience.Seeds(200, random =>
        {
            var log = RandomLog.Next(random);
            var boundaries = log.Boundaries();
            var whole = log.From(boundaries[random.Next(boundaries.Count)]);
            var cut = whole.Cut(random.Next(1, 40));
            LogCuts.AssertIsPartOf(log, cut);
            LogCuts.AssertIsPartOf(log, whole.After(cut.To));
            Assert.Equal(whole.Bytes.Length > 0, cut.Bytes.Length > 0);
            Assert.Equal((whole.From, whole.To), (cut.From, whole.After(cut.To).To));
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Slice_OfAnyLog_IsAPartOfItWithMemoryOfItsOwn() => await Patience.Seeds(200, random =>
        {
            var log = RandomLog.Next(random);
            var boundaries = log.Boundaries();
            var after = boundaries[random.Next(boundaries.Count)];
            var slice = log.Slice(after, random.Next(1, 40));
            LogCuts.AssertIsPartOf(log, slice);
            Assert.Equal((after, after == log.End), (slice.From, slice.Bytes.Length == 0));
            Assert.True(MemoryMarshal.TryGetArray(slice.Bytes, out var memory));
            Assert.Equal(slice.Bytes.Length, memory.Array!.Length);
            return Task.CompletedTask;
        });

    private static PartOpened? OpenPartAt(IEnumerable<PositionedEntry> entries, long position, PartOpened? open)
    {
        foreach (var entry in entries.TakeWhile(entry => entry.Position < position))
        {
            open = entry.Entry switch
            {
                PartOpened opened => opened,
                PartClosed => null,
                _ => open,
            };
        }

        return open;
    }
}
