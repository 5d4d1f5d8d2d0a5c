namespace Parley.Bench;

/// <summary>Durations in nanoseconds, kept all, for exact quantiles.</summary>
internal sealed class Samples
{
    private long[] _values = new long[1024];
    private int _count;

    public void Add(long value)
    {
        if (_count == _values.Length)
        {
            Array.Resize(ref _values, _count * 2);
        }

        _values[_count++] = value;
    }

    public Spread Spread()
    {
        Array.Sort(_values, 0, _count);
        return new Spread(_count, At(0.50), At(0.95), At(0.99), At(1));
    }

    private double At(double quantile) =>
        _count == 0 ? 0 : Math.Round(Clock.Milliseconds(_values[Math.Clamp((int)Math.Ceiling(quantile * _count) - 1, 0, _count - 1)]), 3);
}
