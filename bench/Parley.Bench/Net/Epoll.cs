using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Parley.Bench;

/// <summary>
/// Readiness of many sockets in one thread, level-triggered. The runtime's own asynchronous sockets cost a hop through the thread pool per
/// read, which the server under test would pay for on a machine that both share.
/// </summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    public const uint Readable = 0x1,
        Writable = 0x4,
        Failed = 0x8,
        HungUp = 0x10;

    private const int CloseOnExec = 0x80000,
        Add = 1,
        Remove = 2,
        Change = 3,
        Capacity = 512,
        Interrupted = 4;

    // struct epoll_event is packed on x64 and aligned elsewhere
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int Size = Packed ? 12 : 16;
    private static readonly int KeyOffset = Packed ? 4 : 8;

    private readonly int _descriptor = Checked(epoll_create1(CloseOnExec));
    private readonly byte[] _events = GC.AllocateArray<byte>(Capacity * Size, pinned: true);

    public void Watch(nint descriptor, int key, uint interest) => Control(Add, descriptor, key, interest);

    public void Rewatch(nint descriptor, int key, uint interest) => Control(Change, descriptor, key, interest);

    public void Forget(nint descriptor) => Control(Remove, descriptor, 0, 0);

    /// <summary>Waits for at most so many milliseconds (-1: for good) and returns how many descriptors are ready.</summary>
    public int Wait(int milliseconds)
    {
        fixed (byte* events = _events)
        {
            var ready = epoll_wait(_descriptor, events, Capacity, milliseconds);
            if (ready >= 0)
            {
                return ready;
            }

            return Marshal.GetLastPInvokeError() == Interrupted ? 0 : throw new Win32Exception();
        }
    }

    public int Key(int index) => BitConverter.ToInt32(_events, index * Size + KeyOffset);

    public uint Happened(int index) => BitConverter.ToUInt32(_events, index * Size);

    public void Dispose() => _ = close(_descriptor);

    internal static int Checked(int result) => result >= 0 ? result : throw new Win32Exception();

    private void Control(int operation, nint descriptor, int key, uint interest)
    {
        var change = stackalloc byte[16];
        new Span<byte>(change, 16).Clear();
        *(uint*)change = interest;
        *(int*)(change + KeyOffset) = key;
        Checked(epoll_ctl(_descriptor, operation, (int)descriptor, change));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int capacity, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int descriptor);
}
