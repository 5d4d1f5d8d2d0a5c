using System.Net;
using System.Net.Sockets;

namespace Parley.Bench;

/// <summary>
/// A temporary folder and the processes that use it. Disposing stops the processes, the last started first, and deletes the folder.
/// </summary>
internal sealed class Workspace : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _cleanUp = [];
    private int _folders;

    public Workspace(string? parent)
    {
        Folder = Path.Combine(parent ?? Path.GetTempPath(), "parley-bench-" + Guid.CreateVersion7().ToString("N"));
        Directory.CreateDirectory(Folder);

        // PostgreSQL may run as another user, who must be able to reach its folder
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
        IEnumerable<(string Name, string? Value)>? environment = null,
        string? workingDirectory = null
    )
    {
        var process = ChildProcess.Start(file, arguments, Path.Combine(NewFolder(name), "log"), environment ?? [], workingDirectory);
        _cleanUp.Push(process.DisposeAsync);
        return process;
    }

    /// <summary>Registers a step that runs on disposal, before the processes that were started earlier are stopped.</summary>
    public void OnDispose(Func<ValueTask> step) => _cleanUp.Push(step);

    public async ValueTask DisposeAsync()
    {
        while (_cleanUp.TryPop(out var step))
        {
            try
            {
                await step();
            }
            catch (Exception exception) when (exception is InvalidOperationException or IOException or System.ComponentModel.Win32Exception)
            {
                await Console.Error.WriteLineAsync($"Clean-up failed: {exception.Message}");
            }
        }

        Directory.Delete(Folder, recursive: true);
    }
}
