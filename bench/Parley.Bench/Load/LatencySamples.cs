namespace Parley.Bench;

/// <summary>Durations in nanoseconds. All are kept, so that percentiles are exact.</summary>
internal sealed class LatencySamples
{
    private long[] _values = new long[1024];
    private int _count;

    public void Add(long nanoseconds)
    {
        if (_count == _values.Length)
        {
            Array.Resize(ref _values, _count * 2);
        }

        _values[_count++] = nanoseconds;
    }

    public Percentiles Percentiles()
    {
        Array.Sort(_values, 0, _count);
        return new Percentiles(_count, At(0.50), At(0.95), At(0.99), At(1));
    }

    private double At(double quantile) =>
        _count == 0 ? 0 : Math.Round(Clock.ToMilliseconds(_values[Math.Clamp((int)Math.Ceiling(quantile * _count) - 1, 0, _count - 1)]), 3);
}
