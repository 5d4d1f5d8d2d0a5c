using System.Net;
using System.Net.Sockets;

namespace Parley.Bench;

/// <summary>A folder and the processes that work in it; disposing ends and removes all of them, last started first.</summary>
internal sealed class Workspace : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _cleanUp = [];
    private int _folders;

    public Workspace(string? parent)
    {
        Folder = Path.Combine(parent ?? Path.GetTempPath(), "parley-bench-" + Guid.CreateVersion7().ToString("N"));
        Directory.CreateDirectory(Folder);
        // databases may run as another user
        File.SetUnixFileMode(
            Folder,
            UnixFileMode.UserRead
                | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute
                | UnixFileMode.OtherExecute
        );
    }

    public string Folder { get; }

    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(Folder, $"{name}-{_folders++}")).FullName;

    public ChildProcess Start(
        string name,
        string file,
        IEnumerable<string> arguments,
        IEnumerable<(string, string)>? environment = null,
        string? folder = null
    )
    {
        var child = ChildProcess.Start(file, arguments, Path.Combine(NewFolder(name), "log"), environment ?? [], folder);
        _cleanUp.Push(child.DisposeAsync);
        return child;
    }

    /// <summary>Something to do at the end, before what was started earlier is ended.</summary>
    public void AtEnd(Func<ValueTask> step) => _cleanUp.Push(step);

    public async ValueTask DisposeAsync()
    {
        while (_cleanUp.TryPop(out var step))
        {
            try
            {
                await step();
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or System.ComponentModel.Win32Exception)
            {
                await Console.Error.WriteLineAsync($"Cleaning up: {e.Message}");
            }
        }
        Directory.Delete(Folder, recursive: true);
    }
}
