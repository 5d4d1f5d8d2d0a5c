using System.Net.Sockets;

namespace Parley.Bench;

/// <summary>Waits until a process listens on a loopback port.</summary>
internal static class LoopbackPort
{
    private const int MaxAttempts = 400;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static async Task WaitAsync(int port, ChildProcess process, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts && !process.HasExited; attempt++)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync("127.0.0.1", port, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(Interval, cancellationToken);
            }
        }

        throw new InvalidOperationException($"No process listens on port {port}:\n{process.LastLogLines()}");
    }
}
