using System.Buffers;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>Cuts a log into the slices of readers of any speed.</summary>
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

    /// <summary>Everything that a reader from the beginning gets.</summary>
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

    /// <summary>A random choice of the log's tools: those that a client may have declared.</summary>
    public static HashSet<string> SomeTools(this LogSnapshot log, Random random) =>
        [
            .. log
                .Controls.Select(control => control.Entry)
                .OfType<PartOpened>()
                .Where(part => part.Name is not null && random.Next(2) == 0)
                .Select(part => part.Name!),
        ];
}
