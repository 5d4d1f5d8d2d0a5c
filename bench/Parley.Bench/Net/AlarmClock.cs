using System.Runtime.InteropServices;

namespace Parley.Bench;

/// <summary>A timerfd: wakes an <see cref="Epoll"/> at a time of <see cref="Clock"/>, finer than epoll's own milliseconds.</summary>
internal sealed unsafe partial class AlarmClock : IDisposable
{
    private const int Monotonic = 1,
        NonBlockingCloseOnExec = 0x80800,
        Absolute = 1;

    private readonly int _descriptor = Epoll.Checked(timerfd_create(Monotonic, NonBlockingCloseOnExec));

    public AlarmClock(Epoll epoll, int key) => epoll.Watch(_descriptor, key, Epoll.Readable);

    /// <summary>Rings once at the time; setting it again also silences one that is ringing, so it is never read.</summary>
    public void Set(long time)
    {
        var setting = stackalloc long[4];
        setting[0] = setting[1] = 0;
        (setting[2], setting[3]) = Math.DivRem(time, Clock.Second);
        Epoll.Checked(timerfd_settime(_descriptor, Absolute, setting, null));
    }

    public void Silence()
    {
        var setting = stackalloc long[4];
        new Span<long>(setting, 4).Clear();
        Epoll.Checked(timerfd_settime(_descriptor, Absolute, setting, null));
    }

    public void Dispose() => _ = Epoll.close(_descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_create(int clock, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_settime(int descriptor, int flags, long* setting, long* before);
}
