using System.Buffers;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>One log, as readers of any speed get it.</summary>
internal static class LogSlicing
{
    /// <summary>The log in slices that end at about every <paramref name="oneIn"/>th boundary; 1 is one character at a time.</summary>
    public static IEnumerable<LogSlice> Cut(this LogSnapshot log, Random random, int oneIn)
    {
        long from = 0;
        foreach (var to in log.Boundaries())
        {
            if (to == from || (to < log.End && random.Next(oneIn) > 0))
            {
                continue;
            }

            yield return log.Between(from, to);
            from = to;
        }
    }

    /// <summary>All that a reader from the beginning gets.</summary>
    public static byte[] Write(this WireFormat format, IEnumerable<LogSlice> slices)
    {
        var output = new ArrayBufferWriter<byte>();
        format.WriteStart(output);
        foreach (var slice in slices)
        {
            format.Write(slice, output);
        }

        return output.WrittenSpan.ToArray();
    }

    public static byte[] Write(this WireFormat format, LogSnapshot log) => format.Write([log.From(0)]);

    /// <summary>Tools of the log, or not, as it happens: what a client may have declared.</summary>
    public static HashSet<string> SomeTools(this LogSnapshot log, Random random) =>
        [
            .. log
                .Controls.Select(control => control.Entry)
                .OfType<PartOpened>()
                .Where(part => part.Name is not null && random.Next(2) == 0)
                .Select(part => part.Name!),
        ];
}
