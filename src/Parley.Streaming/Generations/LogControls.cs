namespace Parley.Streaming.Generations;

/// <summary>The control entries of one log, in order, with the questions that a reader asks of them.</summary>
internal static class LogControls
{
    /// <summary>Index of the first control at or after <paramref name="position"/>.</summary>
    public static int FirstAt(List<PositionedControl> controls, long position)
    {
        int low = 0,
            high = controls.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (controls[middle].Position < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>The controls in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    public static ReadOnlyMemory<PositionedControl> Between(List<PositionedControl> controls, long from, long to)
    {
        var first = FirstAt(controls, from);
        var last = FirstAt(controls, to);
        return first == last ? default : controls.GetRange(first, last - first).ToArray();
    }

    /// <summary>The part that is open at <paramref name="position"/>.</summary>
    public static PartOpened? OpenAt(List<PositionedControl> controls, long position)
    {
        for (var i = FirstAt(controls, position) - 1; i >= 0; i--)
        {
            if (controls[i].Control is PartOpened opened)
            {
                return opened;
            }

            if (controls[i].Control is PartClosed)
            {
                return null;
            }
        }

        return null;
    }
}
