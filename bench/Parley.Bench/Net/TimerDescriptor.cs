using System.Runtime.InteropServices;

namespace Parley.Bench;

/// <summary>
/// A timerfd that wakes an <see cref="Epoll"/> at a time of <see cref="Clock"/>, with a finer resolution than epoll's timeout of whole
/// milliseconds.
/// </summary>
internal sealed unsafe partial class TimerDescriptor : IDisposable
{
    private const int Monotonic = 1;
    private const int NonBlockingCloseOnExec = 0x80800;
    private const int Absolute = 1;

    private readonly int _descriptor = Epoll.ThrowOnError(timerfd_create(Monotonic, NonBlockingCloseOnExec));

    public TimerDescriptor(Epoll epoll, int key) => epoll.Add(_descriptor, key, Epoll.Readable);

    /// <summary>Fires once at the given time. Setting the time again resets a timer that has fired, so it is never read.</summary>
    public void Arm(long time)
    {
        var setting = stackalloc long[4];
        setting[0] = setting[1] = 0;
        (setting[2], setting[3]) = Math.DivRem(time, Clock.Second);
        Epoll.ThrowOnError(timerfd_settime(_descriptor, Absolute, setting, null));
    }

    public void Disarm()
    {
        var setting = stackalloc long[4];
        new Span<long>(setting, 4).Clear();
        Epoll.ThrowOnError(timerfd_settime(_descriptor, Absolute, setting, null));
    }

    public void Dispose() => _ = Epoll.close(_descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_create(int clock, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_settime(int descriptor, int flags, long* setting, long* previous);
}
