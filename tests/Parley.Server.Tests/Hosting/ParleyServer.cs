using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Parley.Server.Tests.Data.Postgres;
using Parley.Server.Tests.Hosting;

[assembly: AssemblyFixture(typeof(ParleyServer))]

namespace Parley.Server.Tests.Hosting;

/// <summary>
/// The real server, on a free port, with a folder of its own. Tests share one (people are isolated anyway) unless they need other settings,
/// a restart, or the tables for themselves.
/// </summary>
/// <remarks>
/// <c>PARLEY_TEST_DATABASE=postgres</c> gives each server a database of its own in a private PostgreSQL; otherwise it is SQLite in its
/// folder.
/// </remarks>
public sealed class ParleyServer : IAsyncLifetime
{
    private readonly (string Name, string Value)[] _settings;
    private readonly ConcurrentQueue<string> _errors = new();
    private TestDatabase? _database;
    private IHost? _host;
    private Task? _running;

    public ParleyServer() => _settings = [];

    private ParleyServer((string, string)[] settings) => _settings = settings;

    public static async Task<ParleyServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var server = new ParleyServer(settings);
        await server.InitializeAsync();
        return server;
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("parley-http-").FullName;

    public Uri Address { get; private set; } = null!;

    public IServiceProvider Services => _host!.Services;

    /// <summary>Everything that was logged as an error.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Whether the servers of this test run are on PostgreSQL.</summary>
    public static bool IsPostgres { get; } = Environment.GetEnvironmentVariable("PARLEY_TEST_DATABASE") == "postgres";

    public async ValueTask InitializeAsync()
    {
        if (IsPostgres)
        {
            _database ??= await TestDatabase.CreateAsync();
        }

        var built = new HostBuilt(_errors);
        _running = Task.Factory.StartNew(
            () =>
                built.Run([
                    "--applicationName=parley",
                    "--urls=http://127.0.0.1:0",
                    $"--Database:Folder={Folder}",
                    $"--Database:ConnectionString={_database?.ConnectionString ?? Folder}",
                    "--Providers:Demo:TokensPerSecond=0",
                    .. _settings.Select(setting => $"--{setting.Name}={setting.Value}"),
                ]),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        await Task.WhenAny(built.Started, _running);
        if (_running.IsCompleted)
        {
            await _running;
        }

        _host = await built.Started;
        Address = new Uri(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    /// <summary>Stops the server and starts another one over the same folder.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    /// <summary>Stops the server, and waits until it has.</summary>
    internal Task StopAsync()
    {
        try
        {
            Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        }
        catch (ObjectDisposedException)
        {
            // A test has stopped it, and that is done.
        }

        return _running!.WaitAsync(TestUser.Timeout);
    }

    internal TestUser NewUser() => new(this);

    internal Tables Tables => new(this);

    /// <summary>A connection of its own to the server's database.</summary>
    internal DbConnection OpenDatabase()
    {
        DbConnection connection = _database is null
            ? new SqliteConnection($"Data Source={Path.Combine(Folder, "parley.db")};Pooling=False;Default Timeout=30")
            : new NpgsqlConnection(_database.ConnectionString + ";Pooling=False");
        connection.Open();
        return connection;
    }

    /// <summary>Runs the real <c>Program</c>, and takes its host from the event with which every host says that it was built.</summary>
    private sealed class HostBuilt(ConcurrentQueue<string> errors) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        private static readonly AsyncLocal<HostBuilt?> Current = new();
        private readonly TaskCompletionSource<IHost> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<IHost> Started => _started.Task;

        public void Run(string[] args)
        {
            Current.Value = this;
            using var subscription = DiagnosticListener.AllListeners.Subscribe(this);
            typeof(Program).Assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [args], null);
        }

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting")
            {
                value.Subscribe(this);
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (Current.Value != this)
            {
                return; // of another server, which starts at the same time
            }

            if (value is { Key: "HostBuilding", Value: IHostBuilder builder })
            {
                builder.ConfigureServices(services =>
                    services.RemoveAll<ILoggerProvider>().AddSingleton<ILoggerProvider>(new ErrorLog(errors))
                );
            }

            if (value is { Key: "HostBuilt", Value: IHost host })
            {
                host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(() => _started.TrySetResult(host));
            }
        }

        public void OnCompleted() { }

        public void OnError(Exception error) { }
    }

    private sealed class ErrorLog(ConcurrentQueue<string> errors) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                errors.Enqueue($"{formatter(state, exception)} {exception}");
            }
        }

        public void Dispose() { }
    }
}
