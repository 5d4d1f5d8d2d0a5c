using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Parley.Bench;

/// <summary>
/// Level-triggered readiness of many sockets in one thread. The runtime's asynchronous sockets switch to the thread pool for each read;
/// that CPU would be taken from the server under test, which runs on the same machine.
/// </summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    public const uint Readable = 0x1;
    public const uint Writable = 0x4;
    public const uint Error = 0x8;
    public const uint HangUp = 0x10;

    private const int CloseOnExec = 0x80000;
    private const int OperationAdd = 1;
    private const int OperationModify = 3;
    private const int MaxEvents = 512;
    private const int Interrupted = 4;

    // struct epoll_event is packed on x64 and aligned on other architectures
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventSize = IsPacked ? 12 : 16;
    private static readonly int KeyOffset = IsPacked ? 4 : 8;

    private readonly int _descriptor = ThrowOnError(epoll_create1(CloseOnExec));
    private readonly byte[] _events = GC.AllocateArray<byte>(MaxEvents * EventSize, pinned: true);

    public void Add(nint descriptor, int key, uint events) => Control(OperationAdd, descriptor, key, events);

    public void Modify(nint descriptor, int key, uint events) => Control(OperationModify, descriptor, key, events);

    /// <summary>Waits up to the given number of milliseconds (-1: without limit) and returns the number of ready descriptors.</summary>
    public int Wait(int milliseconds)
    {
        fixed (byte* events = _events)
        {
            var ready = epoll_wait(_descriptor, events, MaxEvents, milliseconds);
            if (ready >= 0)
            {
                return ready;
            }

            return Marshal.GetLastPInvokeError() == Interrupted ? 0 : throw new Win32Exception();
        }
    }

    public int Key(int index) => BitConverter.ToInt32(_events, index * EventSize + KeyOffset);

    public uint Events(int index) => BitConverter.ToUInt32(_events, index * EventSize);

    public void Dispose() => _ = close(_descriptor);

    internal static int ThrowOnError(int result) => result >= 0 ? result : throw new Win32Exception();

    private void Control(int operation, nint descriptor, int key, uint events)
    {
        var change = stackalloc byte[16];
        new Span<byte>(change, 16).Clear();
        *(uint*)change = events;
        *(int*)(change + KeyOffset) = key;
        ThrowOnError(epoll_ctl(_descriptor, operation, (int)descriptor, change));
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
