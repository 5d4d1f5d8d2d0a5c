using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Parley.Testing.Postgres;

/// <summary>PgBouncer in transaction mode in front of a cluster. It ends with this process, however that ends.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private readonly Process _guard;

    private PgBouncer(string folder, int port)
    {
        Port = port;
        _guard = Programs.Guard("kill -TERM $(cat \"$1\"/pid) >/dev/null 2>&1; rm -rf \"$1\"", folder);
    }

    public int Port { get; }

    /// <param name="cluster">The server behind it.</param>
    /// <param name="poolSize">Connections to the server for each database.</param>
    public static async Task<PgBouncer> StartAsync(PostgresCluster cluster, int poolSize)
    {
        const string program = "/usr/sbin/pgbouncer";
        if (!File.Exists(program))
        {
            throw new InvalidOperationException(
                "PgBouncer is not installed. Run ./dev test as root, or install the Debian package pgbouncer."
            );
        }

        var folder = await Programs.CreateFolderAsync();
        var bouncer = new PgBouncer(folder, Programs.FreePort());
        await WriteAsync("users", "\"postgres\" \"\"\n");
        await WriteAsync(
            "ini",
            $"""
            [databases]
            * = host=127.0.0.1 port={cluster.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {bouncer.Port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {folder}/users
            pool_mode = transaction
            default_pool_size = {poolSize}
            max_client_conn = 1000
            ignore_startup_parameters = extra_float_digits
            logfile = {folder}/log
            pidfile = {folder}/pid

            """
        );
        await Programs.RunAsync(program, "-q", "-d", Path.Combine(folder, "ini"));
        await AnswersAsync(bouncer.Port);
        return bouncer;

        Task WriteAsync(string file, string text) => File.WriteAllTextAsync(Path.Combine(folder, file), text, new UTF8Encoding(false));
    }

    /// <summary>Npgsql's connection string of a database of the cluster, with the settings that transaction mode asks for.</summary>
    public string ConnectionString(string database = "postgres") =>
        $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database};SSL Mode=Disable;No Reset On Close=true;Max Auto Prepare=0";

    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
    }

    private static async Task AnswersAsync(int port)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException) when (attempt < 500)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
            }
        }
    }
}
